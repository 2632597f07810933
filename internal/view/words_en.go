// SPDX-License-Identifier: Apache-2.0

package view

// wordsEN is the table of words in English; every other table has exactly its keys and their arguments.
var wordsEN = map[string]string{
	"lang.name": "English", "lang.en": "English", "lang.it": "Italian",
	"months": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",

	// Page: labels.
	"skip": "to the call", "demo": "demo", "language": "Language", "clock": "UTC", "line.to": "line to ", "since": "since", "since.today": "since %s", "since.day": "since %s",
	"stale": "STALE since %s. What stands here may be old. Reconnecting.", "form.open": "Close the open form first.",
	"act.lost":  "The desk is not connected: nothing was done.",
	"alarms":    "Alarms",
	"alarm.ack": "Acknowledge", "alarm.by": "acknowledged by %s",
	"stop.again": "PRESS AGAIN", "stop.ours": "by us", "stop.theirs": "by %s",
	"stop.take": "Take", "stop.in-effect": "In effect", "stop.refuse": "Refuse…", "stop.lift": "Lift", "ladder": "Steps",
	"step.done": "done", "step.due": "due", "step.overdue": "OVERDUE since", "step.overdue.since": "%s (OVERDUE %s)", "step.late": "overdue on arrival", "step.open": "not yet",
	"call": "Call", "unrecorded": "unrecorded", "answer": "ANSWER", "decline": "Decline", "end": "End", "cancel": "Cancel",
	"ring": "RING %s", "ring.again": "RING %s AGAIN", "ring.test": "Test ring", "class.ask": "This call was:",
	"meter.out": "you → them", "meter.in": "them → you",
	"sound": "Sound of this desk", "sound.mic": "microphone", "sound.head": "headset", "sound.test": "test voice", "sound.turnon": "TURN ON SOUND",
	"sound.on": "Sound is on: this desk can ring.", "sound.off": "Sound is off: this desk cannot ring.", "mute": "Mute",
	"sound.blocked": "The browser holds the sound back: press any key or button here.",
	"liveness":      "Who is there, as each end sees it", "wesee": "we see", "theysee": "they see of us",
	"station": "station", "desk": "desk", "officer": "officer",
	"messages": "Messages", "messages.none": "No messages.", "write": "Write", "replyto": "reply to", "to": "to", "hidden": "Hidden while its values are read back.",
	"ack": "Acknowledge receipt", "ack.means": "Says that it was received and read. It does not agree, permit or accept.", "ack.read": "How was it read?",
	"read.original": "in the original", "read.translation": "in a translation of mine", "read.awaiting-linguist": "received, not yet understood: awaiting linguist",
	"readback": "Read back", "readback.how": "Type the values from your own note. The item is hidden meanwhile.", "readback.ask": "To be read back",
	"respond": "Respond", "respond.how": "What will you do?", "respond.ask": "a response is asked for",
	"how.will-comply": "will comply", "how.standby": "stand by", "how.cannot-comply": "cannot comply", "how.not-ours": "not ours", "complied": "Complied",
	"reply": "Reply", "reason": "Reason", "standby.until": "Stand by until", "words.optional": "Words (may be empty)", "close": "Close", "send": "Send",
	"precedence": "Precedence", "phrase": "Coded phrase", "phrase.none": "none: free text", "text": "Text", "text.lang": "Language of the text",
	"kind": "Kind", "class": "Class", "mark": "Mark", "compose.default": "Unless you change it",
	"compose.is": "%s, %s, %s",
	"check":      "Line check", "check.now": "Check now", "check.next": "next", "check.question": "Their question to you", "check.confirm": "Answer", "check.choose": "Choose one", "check.type": "Your answer",
	"part.passed": "passed", "part.failed": "FAILED", "part.waiting": "waiting", "part.skipped": "not tried",
	"counterparts": "Counterparts", "counterparts.none": "No pairs on record.", "pair": "Pair", "lastspoke": "Last spoke", "days": "Days", "declined": "Declined", "noreply": "No reply", "notreached": "Not reached", "still": "Still sought",
	"never": "never on record", "yes": "yes",
	"calls": "Calls", "when": "When", "outcome": "Outcome", "lost": "Lost", "gap": "Longest gap", "theirs": "they state", "seconds": "Seconds",
	"log": "Record", "log.last": "last %d statements", "statement": "Statement", "what": "What", "state": "State",
	"log.held": "held", "log.recorded": "recorded, not held", "log.inert": "inert", "log.evidence": "EVIDENCE", "log.absent": "body absent",
	"keys": "Keys", "keys.short": "Ctrl+Enter · Ctrl+Shift+Enter · F2 F2 · F4 · F8", "keys.decline": "decline, or end the call", "keys.stop": "STOP: press twice within 3 seconds", "keys.alarm": "acknowledge the top alarm",
	"signoff": "Sign off", "signin.title": "This desk needs a link", "signin.how": "Ask for one at the terminal where you are signed on. It works once and for ten minutes:",
	"act.done": "Done.",

	// Header and status.
	"header.on": "%s signed on · known by %s", "header.nobody": "nobody signed on",
	"known.account": "account", "known.account + link": "account + link", "known.unattributed": "unattributed",
	"line.up": "Line up on %d of %d paths, %s.", "line.down": "Line DOWN %s, %s.", "line.deaf": "They do not hear us on any path %s, %s.", "line.never": "No path has come up yet, %s.",
	"tested.today": "tested today %s", "tested.last": "last tested %s", "tested.never": "not tested yet", "tested.running": "a check is running", "tested.waiting": "a check waits for the other end", "tested.overdue": "check OVERDUE %s",
	"cut.recorded":   "What is stated now is RECORDED, NOT HELD.",
	"spoken.not":     "%s have not spoken since %s%s.",
	"spoken.never":   "%s: no contact on record%s.",
	"spoken.last":    "%s last spoke %s%s.",
	"spoken.figures": " (%s)",
	"spoken.pair":    "Our %s and their %s", "spoken.same": "Our %s and theirs",
	"fig.theirs": "their requests: %s", "fig.declined": "declined %d", "fig.noreply": "no reply %d", "fig.notreached": "not reached %d",
	"unread.starting":  "STARTING: %s rows of the record are read. Ring, voice and STOP work; the rest follows in a moment.",
	"unread.failed":    "The record cannot be read: nothing of it is shown.",
	"unrecorded.here":  "UNRECORDED HERE %s. Ring, voice and STOP go on; nothing else can be stated.",
	"unrecorded.there": "UNRECORDED THERE %s, they say.",
	"silent.desk":      "Nobody is armed there: a ring will be heard by no one.",
	"contrast":         "The line is up and tested; the people it is for do not speak.",

	// Liveness.
	"layer.up": "up", "layer.down": "DOWN", "layer.answers": "answers", "layer.stuck": "STUCK", "layer.goodbye": "said goodbye", "layer.not-reached": "not reached",
	"layer.armed": "armed", "layer.unarmed": "NOT ARMED", "layer.present": "present", "layer.nobody": "NOBODY", "layer.unknown": "cannot be known", "layer.stuck-since": "STUCK %s", "layer.goodbye-why": "said goodbye: %s",
	"armed.n": "armed (%d)", "path.n": "path %s",

	// Call.
	"call.idle": "READY", "call.calling": "CALLING", "call.ringing-there": "RINGING THERE (%s)", "call.ringing-here": "RINGING HERE", "call.connected": "CONNECTED", "call.ended": "READY",
	"desks.1": "1 desk", "desks.n": "%d desks",
	"out.answered": "answered", "out.declined": "declined", "out.no-answer": "no answer", "out.nobody-armed": "nobody armed", "out.busy-with-us": "busy with us", "out.busy-elsewhere": "busy elsewhere",
	"out.cancelled": "cancelled", "out.crossed": "crossed: cancelled here and answered there at once", "out.failed": "failed",
	"out.open": "not closed yet", "out.became": "both rang at once: it became %s", "call.theirs": "their ring",
	"cause.path": "path", "cause.media": "media", "cause.microphone": "microphone", "cause.speaker": "speaker", "cause.far-node": "far node", "cause.near-node": "own node", "cause.policy": "policy",
	"out.last": "Last call: %s", "out.by": "by %s", "out.until": "stand by until %s", "out.after": "after %d s", "out.lasted": "%d s",
	"call.differs": "The two ends state different outcomes: here %s, there %s.",
	"meter.word":   "%d frames · %d lost · longest gap %s", "meter.none": "no sound counted yet",
	"call.priority": "PRIORITY: %s",

	// Classes, kinds, marks, precedences.
	"class.substantive": "substantive", "class.service": "service", "class.test": "test",
	"mark.actual": "actual", "mark.exercise": "exercise",
	"kind.warning": "warning", "kind.information": "information", "kind.intention": "intention", "kind.question": "question", "kind.answer": "answer", "kind.request": "request", "kind.incident": "incident",
	"prec.ROUTINE": "ROUTINE", "prec.PRIORITY": "PRIORITY", "prec.IMMEDIATE": "IMMEDIATE", "prec.FLASH": "FLASH",
	"dir.out": "to %s", "dir.in": "from %s",

	// Ladder.
	"rung.recorded": "recorded", "rung.held": "held", "rung.shown": "shown", "rung.acknowledged": "acknowledged", "rung.responded": "responded", "rung.complied": "complied", "rung.relayed": "relayed",
	"rung.awaiting-linguist": "awaiting linguist", "rung.standby": "standing by", "rung.taken": "taken", "rung.in-effect": "in effect", "rung.effect": "in effect", "rung.refused": "REFUSED", "rung.lifted": "lifted",
	"rung.recorded-not-held": "RECORDED, NOT HELD",
	"sum.overdue":            "%s OVERDUE %s",
	"time.impossible":        "dated %s: not possible", "time.came": ", it came %s", "times": " ×%d",
	"more":         "%d more messages and %d more STOPs wait; they come here as these are answered.",
	"contradicted": "They said different things and nothing proves which came last.",
	"expired":      "of no use after %s",

	// Kinds of statement, as the record's table names them.
	"said.line.genesis": "line opened", "said.officer.added": "officer added", "said.officer.revoked": "officer revoked", "said.post.added": "post added", "said.event.added": "event added",
	"said.message.warning": "message: warning", "said.message.information": "message: information", "said.message.intention": "message: intention", "said.message.question": "message: question", "said.message.answer": "message: answer", "said.message.request": "message: request", "said.message.incident": "message: incident",
	"said.message.shown": "message shown", "said.message.acknowledged": "message acknowledged", "said.message.responded": "message responded to", "said.message.complied": "message complied with", "said.message.relayed": "message relayed",
	"said.stop.sent": "STOP", "said.stop.taken": "STOP taken", "said.stop.relayed": "STOP relayed", "said.stop.in-effect": "STOP in effect", "said.stop.refused": "STOP refused", "said.stop.lifted": "STOP lifted",
	"said.call.placed": "call placed", "said.call.rang": "call rang", "said.call.closed": "call closed", "said.call.class": "class of a call", "said.check.opened": "check opened", "said.check.joined": "check joined", "said.check.closed": "check closed",
	"said.contact.made": "contact", "said.request.placed": "request for a contact", "said.request.outcome": "outcome of a request",

	// STOP.
	"stop.word.sent": "NOT HELD YET", "stop.word.held": "HELD, NOT TAKEN", "stop.word.taken": "TAKEN", "stop.word.in-effect": "IN EFFECT", "stop.word.refused": "REFUSED", "stop.word.lifted": "LIFTED",
	"stop.scope.everywhere": "Everywhere on this line", "stop.reason.danger": "danger, details follow", "stop.reason.unstated": "no reason given",
	"stop.unrecorded": "not on record yet",
	"stop.title":      "STOP from %s",

	// Check.
	"check.none": "no check yet", "check.running": "a check is running", "check.waiting": "waiting for the other end", "check.passed": "passed", "check.failed": "FAILED", "check.no-operator": "no operator", "check.declined": "declined", "check.missed": "MISSED", "check.overdue": "OVERDUE", "check.pending": "running", "check.due": "due",
	"check.word": "%s %s", "check.which": "%s: %s",
	"check.figures": "Days passed: %d of %d · in a row: %d · last passed %s",
	"part.station":  "station", "part.path": "path", "part.stop": "STOP of class test", "part.voice": "voice", "part.ring": "ring", "part.question": "question",
	"part.word": "%s %s", "part.frames": "%d of %d frames, %d ms", "part.ms": "%d ms",

	// Counterparts.
	"window.since": "since %s", "window.all": "since the line began", "window.last": "in the last %s", "basis.both": "on both parties' statements, as of %s",
	"chan.line": "on the line", "chan.telephone": "by telephone", "chan.in-person": "in person", "chan.letter": "by letter", "chan.meeting": "at a meeting",
	"confirmed.stated": "stated by us", "confirmed.theirs": "stated by them", "confirmed.both": "confirmed by both", "confirmed.disputed": "disputed",
	"span.to": "%s to %s", "week.of": "week of %s", "level.n": "level %d",

	// Contacts and requests.
	"contact.call": "call", "contact.meeting": "meeting", "contact.summons": "summons", "contact.letter": "letter", "chan.video": "by video",
	"request.accepted": "accepted", "request.declined": "declined", "request.deferred": "deferred", "request.counter-proposed": "counter-proposed", "request.lapsed": "lapsed", "request.no-reply": "no reply", "request.not-reached": "not reached",
	"request.open": "open", "request.declined-so-far": "declined so far, still sought", "request.differs": "the two sides state different outcomes", "request.withdrawn": "withdrawn",

	// Alarms.
	"prio.high": "HIGH", "prio.medium": "MEDIUM", "prio.low": "LOW",
	"astate.raised": "new", "astate.acknowledged": "acknowledged", "astate.returned": "returned to normal, not acknowledged",

	// State panel: read out by a screen reader, titles.
	"title": "%s · Parley", "title.call": "%s · %s · Parley",
	"hear.ring": "%s rings. Answer with Control Enter.", "hear.stop": "STOP from %s.", "hear.flash": "FLASH from %s: %s.", "hear.alarm": "Alarm: %s.", "hear.msg": "%s from %s: %s.", "hear.call": "Call: %s.",

	// Shell tables.
	"text.line": "Line %s", "text.none": "nothing", "text.waits": "Waiting for you", "text.empty": "Nothing waits for you.",
	"text.name": "Name", "text.account": "Account", "text.langs": "Reads", "text.releaser": "Releaser", "text.party": "Party", "text.org": "Organisation", "text.level": "Level", "text.number": "Number", "text.code": "Code", "text.fields": "Fields", "text.id": "ID", "text.post": "Post", "text.counterpart": "Counterpart", "text.signedon": "Signed on at", "text.day": "Day", "text.paths": "Paths", "text.alarm": "Alarm", "text.do": "What to do", "text.item": "Item", "text.receipt": "Receipt", "text.header": "Header", "text.facts": "Facts", "text.refs": "Points to",

	// Demo's page.
	"demo.title": "Parley: two desks at one address", "demo.say": "Two parties who do not trust each other. One line. No server between.",
	"demo.try": "Try:", "demo.sound": "TURN ON SOUND", "demo.wire": "THE WIRE", "demo.cable": "cable %s", "demo.pull": "Pull", "demo.plug": "Plug in", "demo.up": "carries", "demo.cut": "PULLED",
	"demo.break": "Break", "demo.freeze": "Freeze", "demo.thaw": "Thaw", "demo.kill": "Kill", "demo.start": "Start", "demo.spoil": "Spoil disk", "demo.mend": "Mend disk", "demo.forge": "Forge a byte", "demo.unforge": "Put it back",
	"demo.running": "running", "demo.frozen": "FROZEN", "demo.killed": "KILLED", "demo.starting": "starting", "demo.frame": "Desk of %s", "demo.noworld": "This node is not running.",
	"demo.try.ring": "Ring", "demo.try.flash": "FLASH", "demo.try.pull": "Pull a cable", "demo.try.forge": "Forge a byte",
	"demo.holds": "HOLDS", "demo.caught": "DOES NOT HOLD",
}
