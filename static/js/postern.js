// Comfort only: every page works without it. The words are in the page; this shows and hides them.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // Show and hide a password. It is one again on submit, so that the browser does not keep it as text.
  for (const button of all('[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    const words = [...all('[data-when]', button), ...all(`[data-said="${field.id}"] [data-when]`)];
    const show = shown => {
      field.type = shown ? 'text' : 'password';
      for (const word of words) word.hidden = (word.dataset.when === 'shown') !== shown;
    };
    button.hidden = false;
    button.addEventListener('click', () => show(field.type === 'password'));
    field.form.addEventListener('submit', () => show(false));
  }

  // One submit a click, until the page comes back from the browser's memory.
  const sent = new Set();
  addEventListener('pageshow', () => sent.clear());
  for (const form of all('form')) {
    form.addEventListener('submit', event => {
      if (sent.has(form)) return event.preventDefault();
      sent.add(form);
      setTimeout(() => sent.delete(form), 5000);
    });
  }

  for (const b of all('.keep')) {
    b.hidden = 0;
    b.onclick = () => b.value ? navigator.clipboard.writeText(one('ol').innerText).then(b.append(' ✓')) : print();
  }

  const code = one('[autocomplete=one-time-code]');
  if (code) {
    // "Your code is 482 913." becomes 482913; the server drops spaces and dashes, too.
    code.addEventListener('paste', event => {
      const found = event.clipboardData.getData('text').match(/(?<!\d)\d(?:[\s-]?\d){5}(?!\d)/);
      if (!found) return;
      event.preventDefault();
      code.value = found[0].replace(/\D/g, '');
    });
    // Some browsers read the code out of a text message (WebOTP). It is filled in and not sent: the box below may
    // have to be unticked first.
    if ('OTPCredential' in window && 'sms' in code.dataset) {
      const stop = new AbortController();
      code.form.addEventListener('submit', () => stop.abort());
      navigator.credentials.get({ otp: { transport: ['sms'] }, signal: stop.signal })
        .then(otp => { if (otp && !code.value) code.value = otp.code; })
        .catch(() => {});
    }
  }

  // The seconds until another code may be asked for.
  for (const line of all('[data-wait-until]')) {
    const end = Date.parse(line.dataset.waitUntil);
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      line.hidden = left < 1 || left > 600;
      one('span', line).textContent = left;
      if (left > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  // Where the code is, every 2 s until that is settled, for 5 minutes at most.
  const delivery = one('[data-status]');
  if (delivery) {
    const { status, zone: timeZone } = delivery.dataset;
    // As the server writes it: no break before am and pm, and UTC is named.
    const clock = at => new Date(at)
      .toLocaleTimeString('en-US', { timeZone, hour: 'numeric', minute: '2-digit' })
      .toLowerCase().replace(/\s/, '\u00a0') + (timeZone === 'UTC' ? ' UTC' : '');
    let shown = delivery.dataset.state, asked = 0;
    const ask = async () => {
      const answer = await fetch(status, { headers: { accept: 'application/json' } }).catch(() => null);
      if (answer && (!answer.ok || answer.redirected)) return;
      const { state = shown, at } = answer ? await answer.json() : {};
      const words = one(`template[data-state="${state}"]`);
      if (words && state !== shown) {
        shown = state;
        const copy = words.content.cloneNode(true);
        for (const time of all('time', copy)) {
          if (at) { time.dateTime = at; time.textContent = clock(at); }
        }
        delivery.replaceChildren(copy);
      }
      if (['waiting', 'sending', 'unavailable'].includes(shown) && ++asked < 150) setTimeout(ask, 2000);
    };
    setTimeout(ask, 2000);
  }
})();
