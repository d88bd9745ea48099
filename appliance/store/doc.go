// Package store keeps what must outlive the process: typed buckets over Badger on disk, or over a sorted map in memory, with the
// same behaviour under one conformance suite.
//
// It owns one folder: the database in it, its lock, its ballast and its backups. It is the only package that imports Badger, and
// nothing of Badger's shows in its exported names. It never interprets what it keeps: keys are bytes, values are the JSON of
// somebody else's type. Recordings, prompts and other files do not belong here; for those there is [WriteFile].
//
// A [DB] ends with Close, which commits what is still queued, or with the process: after kill -9 at any moment the folder opens
// again with everything that was acknowledged as [Told], and no transaction half there.
//
// # Durability
//
// [Told] is for what the outside hears of (a CDR, a consent, a generation): Put returns once it is synced to the disk. [Rebuilt] is
// for what the network tells us again by itself (registrations, counters): Put returns at once, a crash may lose the last second.
// One committer goroutine merges what waits into one synced transaction, so that many writers share one sync. When a sync fails,
// nobody is told that anything was kept, and nothing more is accepted until the database has been opened anew and reads back: a disk
// that failed once may claim success for pages it has already dropped.
//
// # Room
//
// Badger writes through sparse memory maps: on a full disk it does not get an error, the process gets SIGBUS, and again at every
// start. So a guard watches the free space: below [Options].FreeFloor Rebuilt writes are refused, below half of it Told writes too,
// both with [ErrNoRoom], while Badger still has all the room it needs. A ballast file is given up at start when there is no room
// to open, and made again when there is.
//
// # Keys
//
// A key in the database is prefix, one zero byte, key. Prefixes are constants of our code without a zero byte in them; keys may be any bytes,
// so a name chosen by a stranger reaches no other bucket, and no bucket reads another's. Each prefix has one writer, the package
// that declares it; a second [Declare] of the same prefix panics.
//
//	prefix         what                                               one writer   kept how long
//	event          event, by sequence number (8 bytes, big endian)    journal      until Trim, as the configuration's retention says
//	event_call     index: call, 0x00, sequence number → nothing       journal      as its event
//	cdr            CDR, by start (8 bytes, ms) and call               journal      until TrimCDRs, as the configuration's retention says
//	cdr_call       index: call → key in cdr                           journal      as its CDR
//	open           calls that started and did not end, by call        journal      until call.ended, in the same transaction
//	journal        box id, last trimmed sequence, heartbeat           journal      for ever
//	reg            what the registrar knows, by account               appliance    until it expires; Rebuilt, all others are Told
//	kv             what plugins keep: plugin, 0x00, key                appliance    as long as the plugin says
//	reg            what the registrar knows, by account               appliance    until it expires; Rebuilt, as voicemail_owed is; all others are Told
//	voicemail      messages, by box, 0x00, id                         record       until deleted, or as the box's keep says
//	voicemail_owed messages whose fact may not be written, by id      record       until it is
//	voicemail_mail mails that wait for the server, by letter          record       until sent, three days at most; 1000 of them
//	meta           schema version                                     store        for ever
//
// Generations, secrets and recordings are files of their owners; sources that are blocked are forgotten with the process.
package store
