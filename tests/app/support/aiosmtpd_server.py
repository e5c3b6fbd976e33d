"""A mail server that is not ours: aiosmtpd, with STARTTLS before anything else and a login before any mail.

Its arguments: certificate, key, folder for the mails, user, password. It says "port N" once it listens and "mail FILE"
for each mail it took, and it ends when its standard input does, so that it never outlives the test that started it.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

CERTIFICATE, KEY, FOLDER, USER, PASSWORD = sys.argv[1:]


class Handler:
    taken = 0

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        file = Path(FOLDER) / f"{self.taken}.eml"
        head = f"X-Envelope: {envelope.mail_from} to {','.join(envelope.rcpt_tos)}\r\n"
        head += f"X-Session: {session.auth_data.login.decode()} over {session.ssl['cipher'][1]}\r\n"
        file.write_bytes(head.encode() + envelope.original_content)
        print("mail", file, flush=True)
        return "250 2.0.0 Ok"


def authenticate(server, session, envelope, mechanism, data):
    is_known = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False, auth_data=data)


async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE, KEY)
    handler = Handler()

    def conversation():
        return SMTP(
            handler,
            hostname="mail.outside.test",
            require_starttls=True,
            tls_context=tls,
            authenticator=authenticate,
            auth_required=True,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(conversation, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
