//! `postern backup` and `postern restore`: a copy of a database in a file, taken while the server runs, and put back while it
//! does not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::app::{App, Parts, StartFault, look_first, owner_only};
use crate::cli::CommandFault;
use crate::cli::open::{alone, companion};
use crate::cli::run::{ready, say};
use crate::config::{Config, DatabaseUrl};
use crate::flows::{copies, revocation};

const ON_A_SERVER: &str = "is for SQLite. This database is a PostgreSQL server's: take copies with pg_dump and put them back \
                           with pg_restore while every instance is stopped; then run postern revoke before the first starts";

/// Writes a consistent copy into a new file, its owner's alone.
pub(super) async fn backup(config: &Config, to: &Path) -> Result<(), CommandFault> {
    let from = file_of(config, "postern backup")?;
    if !from.exists() {
        return Err(named(from, "there is no database"));
    }
    let app = ready(config).await?;
    make_new(to).map_err(|fault| match fault.kind() == ErrorKind::AlreadyExists {
        true => named(to, "is there already; a copy goes into a new file"),
        false => named(to, &fault.to_string()),
    })?;
    let copied = match copies::copy_into(app.services(), to).await {
        Ok(()) => sync(to).map_err(|fault| named(to, &fault.to_string())),
        Err(fault) => Err(fault.into()),
    };
    if let Err(fault) = copied {
        // Half a copy is worse than none.
        drop(fs::remove_file(to));
        return Err(fault);
    }
    say(&format!("{} is a copy of {}; its key is not in it", to.display(), from.display()))
}

/// Puts a copy back in the place of the database, which is kept beside it.
pub(super) async fn restore(config: &Config, from: &Path) -> Result<(), CommandFault> {
    let place = file_of(config, "postern restore")?;
    let _alone = alone(place)?;
    let work = place.with_extension("restoring");
    let prepared = prepare(config, from, &work).await;
    let swapped = match prepared {
        Ok(accounts) => {
            // It may be past that: then what lies beside it is kept with it.
            drop(copies::close(place).await);
            swap(place, &work).map(|kept| (accounts, kept)).map_err(CommandFault::from)
        }
        Err(fault) => Err(fault),
    };
    remove_all(&work);
    let (accounts, kept) = swapped?;
    if let Some(kept) = kept {
        say(&format!("the database that was there is kept as {}", kept.display()))?;
    }
    say(&format!(
        "{} is {} again, with every session and trusted computer ended",
        place.display(),
        from.display()
    ))?;
    say(&format!(
        "accounts: {accounts}. Recovery codes used and passwords changed since the copy are as they were in it"
    ))
}

/// Works on a copy of the copy: looks whether it is whole and ours, brings it up to date, and ends what must not come back.
async fn prepare(config: &Config, from: &Path, work: &Path) -> Result<usize, CommandFault> {
    remove_all(work);
    let refuse = |fault: io::Error| named(from, &fault.to_string());
    let mut source = File::open(from).map_err(refuse)?;
    let mut copy = make_new(work)?;
    io::copy(&mut source, &mut copy).map_err(refuse)?;
    drop(copy);
    let config = Config { database: DatabaseUrl::Sqlite(work.to_owned()), ..config.clone() };
    match copies::examine(work).await.map_err(StartFault::from)? {
        copies::Worth::Whole => {}
        copies::Worth::NotOurs => return Err(named(from, "is not a database of Postern")),
        copies::Worth::Damaged => return Err(named(from, "is damaged: it is no whole copy")),
        copies::Worth::Newer => return Err(named(from, "was made by a newer Postern than this one")),
    }
    look_first(&config).await?;
    let app = App::assemble(&config, Parts::real())?;
    app.prepare_database().await?;
    let accounts = revocation::revoke_all(app.services()).await?;
    drop(app);
    copies::close(work).await.map_err(StartFault::from)?;
    sync(work)?;
    Ok(accounts)
}

/// The prepared file takes the database's place at once; the old one stays under another name.
fn swap(place: &Path, work: &Path) -> io::Result<Option<PathBuf>> {
    let kept = if fs::exists(place)? { Some(keep(place)?) } else { None };
    match (fs::rename(work, place), &kept) {
        (Ok(()), _) => {}
        (Err(fault), Some(kept)) => {
            move_companions(kept, place)?;
            return Err(fault);
        }
        (Err(fault), None) => return Err(fault),
    }
    sync_folder(place)?;
    Ok(kept)
}

/// Gives the database a second name. What its last server did not write back goes with it.
fn keep(place: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    let kept = loop {
        let kept = PathBuf::from(format!("{}.before-restore-{number}", place.display()));
        match fs::hard_link(place, &kept) {
            Ok(()) => break kept,
            Err(fault) if fault.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(fault) => return Err(fault),
        }
    };
    move_companions(place, &kept)?;
    Ok(kept)
}

fn move_companions(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in ["-wal", "-shm"] {
        let beside = companion(from, suffix);
        if fs::exists(&beside)? {
            fs::rename(beside, companion(to, suffix))?;
        }
    }
    Ok(())
}

fn file_of<'a>(config: &'a Config, what: &str) -> Result<&'a Path, CommandFault> {
    match &config.database {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => Err(CommandFault::Typed(format!("{what} {ON_A_SERVER}"))),
    }
}

fn make_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    options.open(path)
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn remove_all(path: &Path) {
    for gone in [path.to_owned(), companion(path, "-wal"), companion(path, "-shm")] {
        // Mostly it is not there.
        drop(fs::remove_file(gone));
    }
}

fn named(path: &Path, words: &str) -> CommandFault {
    CommandFault::Typed(format!("{}: {words}", path.display()))
}
