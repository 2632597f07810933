// SPDX-License-Identifier: Apache-2.0
//
// A second verifier of claims, written from the pages of spec/ alone: claim.md, record.md, party.md, terms.md, service.md, contact.md, call.md,
// check.md, press.md and kinds.md. It shares nothing with the verifier in Go. It needs Node.js 20 or newer and nothing else.
//
//     node spec/verify-claim.mjs FILE
//
// Standard output: the lines of CLM-029 and PRS-006. Standard error: why, and what was not checked.
// Exit code: 0 HOLDS, 1 DOES NOT HOLD, 2 CANNOT BE KNOWN, 64 wrong usage, 66 the file cannot be read.

import crypto from 'node:crypto'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'

const HOLDS = 'HOLDS', NOT = 'DOES NOT HOLD', UNKNOWN = 'CANNOT BE KNOWN'

// Fault is thrown where the file does not hold. Nothing of the file but printable ASCII reaches a terminal.
class Fault extends Error {}
const fault = (why) => { throw new Fault(why) }
const need = (ok, why) => { if (!ok) fault(why) }
const printable = (s) => String(s).replace(/[^\x20-\x7e]/g, '?').slice(0, 300)

// ---- Bytes, hashes, times (REC-001) ----

const sha = (...parts) => {
  const h = crypto.createHash('sha256')
  for (const p of parts) h.update(p)
  return h.digest()
}
const base64 = (b) => b.toString('base64')
const leafOf = (text) => sha(Buffer.of(0), text) // REC-003, and the leaf hash of RFC 6962
const nodeOf = (left, right) => sha(Buffer.of(1), left, right)

// decode reads base64 with padding that encodes to itself again; null for anything else.
function decode(s, length) {
  const b = Buffer.from(s, 'base64')
  return b.length === length && base64(b) === s ? b : null
}
const isHash = (s) => s.length === 44 && decode(s, 32) !== null

const NUMBER = '(?:0|[1-9][0-9]{0,9})'
const RUN = '[0-9abcdefghjkmnpqrstvwxyz]{6}'
const PARTY = '[a-z][a-z0-9-]{0,15}'
const LOG = `${PARTY}/${NUMBER}\\.${RUN}`
const whole = (pattern) => new RegExp(`^${pattern}$`)
const IS_PARTY = whole(PARTY), IS_LOG = whole(LOG), IS_RUN = whole(RUN), IS_NUMBER = whole(NUMBER)
const IS_KIND = /^[a-z]{1,16}(\.[a-z-]{1,16})?$/

// number reads a decimal number below 2^31; NaN for anything else.
function number(s) {
  const n = IS_NUMBER.test(s) ? Number(s) : NaN
  return n < 2 ** 31 ? n : NaN
}
const isNumber = (s) => !Number.isNaN(number(s))
const logNumber = (log) => number(log.slice(log.indexOf('/') + 1, log.indexOf('.')))
// logOf is a log's name without the genesis in its midst.
const logOf = (s) => s.replace(/\/.*\//, '/')
const isLog = (s) => IS_LOG.test(s) && logNumber(s) >= 1

function isPlace(s) {
  const [log, index, ...more] = s.split(' ')
  return index !== undefined && more.length === 0 && isLog(log) && isNumber(index)
}

const DAY = 86400
// daySeconds is the second at which a calendar day begins, counted from 1970; NaN for a day that is in no calendar.
function daySeconds(s) {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(s)
  if (!m) return NaN
  const [y, mo, d] = [Number(m[1]), Number(m[2]), Number(m[3])]
  const t = new Date(Date.UTC(2000, 0, 1))
  t.setUTCFullYear(y, mo - 1, d)
  return t.getUTCFullYear() === y && t.getUTCMonth() === mo - 1 && t.getUTCDate() === d ? t.getTime() / 1000 : NaN
}
function clockSeconds(s) {
  const m = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/.exec(s)
  return m ? Number(m[1]) * 3600 + Number(m[2]) * 60 + Number(m[3]) : NaN
}
// instant reads `2026-03-01T09:00:00Z` of any year; NaN for anything else.
const instant = (s) => (s.length === 20 && s[10] === 'T' && s[19] === 'Z' ? daySeconds(s.slice(0, 10)) + clockSeconds(s.slice(11, 19)) : NaN)
const inYears = (seconds, first, last) => seconds >= daySeconds(`${first}-01-01`) && seconds < daySeconds(`${last + 1}-01-01`)
// time reads a time in facts and texts: whole seconds of the years 2000-2099.
function time(s) {
  const t = instant(s)
  return inYears(t, 2000, 2099) ? t : NaN
}
// microTime reads the line `time` of a header, in microseconds.
function microTime(s) {
  if (!/^.{19}\.\d{6}Z$/.test(s)) return NaN
  return time(s.slice(0, 19) + 'Z') * 1e6 + Number(s.slice(20, 26))
}
const spell = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19) + 'Z'
const spellMicro = (us) => spell(Math.floor(us / 1e6)).slice(0, 19) + '.' + String(us % 1e6).padStart(6, '0') + 'Z'

// dates reads a date of CNT-001 as its first and last possible instant; null for anything else.
function dates(s) {
  let first, last
  if (s.includes('/')) {
    const [a, b, ...more] = s.split('/')
    ;[first, last] = [daySeconds(a), daySeconds(b) + DAY - 1]
    if (more.length || !(last - first > DAY)) return null
  } else if (s[0] === '~') {
    ;[first, last] = [daySeconds(s.slice(1)) - 3 * DAY, daySeconds(s.slice(1)) + 4 * DAY - 1]
  } else if (s.length === 10) {
    ;[first, last] = [daySeconds(s), daySeconds(s) + DAY - 1]
  } else {
    first = last = instant(s)
  }
  return inYears(first, 1900, 2099) && inYears(last, 1900, 2099) ? { first, last, text: s } : null
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const compareBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))

// ---- Keys (REC-912) and notes (REC-001, REC-002) ----

const P = 2n ** 255n - 19n
const mod = (x) => ((x % P) + P) % P
function power(base, exponent) {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P
  return result
}
const D = mod(-121665n * power(121666n, P - 2n))

// isGoodPoint says whether 32 bytes are the one encoding of a point of the curve whose eightfold is not the identity.
function isGoodPoint(bytes) {
  const little = BigInt('0x' + Buffer.from(bytes).reverse().toString('hex'))
  const sign = little >> 255n, y = little & (2n ** 255n - 1n)
  if (y >= P) return false
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n)
  let x = power(u * power(v, P - 2n), (P + 3n) / 8n)
  if (mod(v * x * x) !== u) x = mod(x * power(2n, (P - 1n) / 4n))
  if (mod(v * x * x) !== u) return false
  if (x === 0n && sign === 1n) return false
  if ((x & 1n) !== sign) x = mod(-x)
  let [X, Y, Z] = [x, y, 1n]
  for (let i = 0; i < 3; i++) { // doubling on -x^2 + y^2 = 1 + d x^2 y^2
    const B = mod((X + Y) ** 2n), C = mod(X * X), E = mod(Y * Y), F = mod(E - C), J = mod(F - 2n * Z * Z)
    ;[X, Y, Z] = [mod((B - C - E) * J), mod(F * mod(-C - E)), mod(F * J)]
  }
  return !(X === 0n && Y === Z)
}

// readKey reads a key of a text: base64 of 0x01 and its 32 bytes. Made once for each key.
function readKey(s) {
  const raw = decode(s, 33)
  need(raw && raw[0] === 1 && isGoodPoint(raw.subarray(1)), `a key is not in its form, or of small order: ${s}`)
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw.subarray(1)])
  return { text: s, raw, object: crypto.createPublicKey({ key: der, format: 'der', type: 'spki' }) }
}

const LF = 10
// readNote splits a note into its text (to its last LF), its lines, and its signatures.
function readNote(bytes, signatures) {
  const end = bytes.indexOf('\n\n')
  need(end > 0 && end + 1 <= 4096, 'a note has no empty line, or a text over 4,096 bytes')
  const text = bytes.subarray(0, end + 1)
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    need((c >= 0x20 && c <= 0x7e) || c === LF, 'a signed text holds a byte that is not printable ASCII')
    const edge = i === 0 || text[i - 1] === LF || text[i + 1] === LF || text[i + 1] === 0x20
    need(c !== 0x20 || !edge, 'a signed text has a space at the end of a line, at its beginning, or two in a row')
  }
  const rest = bytes.subarray(end + 2).toString('utf8')
  const marks = rest.split('\n')
  need(marks.pop() === '' && marks.length === signatures, 'a note has not the signatures that it must have')
  need(Buffer.compare(Buffer.from(rest), bytes.subarray(end + 2)) === 0, 'a signature line is not in its form')
  const signs = marks.map((line) => {
    const m = /^— ([a-z0-9/-]{1,64}) ([A-Za-z0-9+/]+=*)$/.exec(line)
    const raw = m && decode(m[2], 68)
    need(raw, 'a signature line is not in its form')
    return { name: m[1], hash: raw.subarray(0, 4), signature: raw.subarray(4) }
  })
  return { text, lines: text.toString('latin1').slice(0, -1).split('\n'), signs, leaf: base64(leafOf(text)) }
}

// signedBy finds the one of the keys that made a signature; null where none did.
function signedBy(note, sign, name, keys) {
  if (sign.name !== name) return null
  for (const key of keys) {
    const hash = (key.hashes ??= {})[name] ??= sha(name, '\n', Buffer.of(1), key.raw.subarray(1)).subarray(0, 4)
    if (hash.equals(sign.hash) && crypto.verify(null, note.text, key.object, sign.signature)) return key
  }
  return null
}

// ---- The file (REC-030, CLM-004) ----

const LIMITS = { genesis: 4096, terms: 4096, sheet: 4096, claim: 256, log: 64, entry: 4608, facts: 65536, text: 65536, receipt: 4608 }
// What may stand after what.
const AFTER = {
  start: ['genesis'], genesis: ['terms'], terms: ['sheet'], sheet: ['sheet', 'claim'], claim: ['log'], log: ['entry'],
  entry: ['entry', 'facts', 'receipt', 'log'], facts: ['entry', 'text', 'receipt', 'log'], text: ['entry', 'receipt', 'log'], receipt: ['receipt', 'log'],
}

function readFile(bytes) {
  let at = 0
  const line = () => {
    const end = bytes.subarray(at, at + 100).indexOf(LF)
    need(end >= 0, 'a line of the file is not in its form')
    const s = bytes.toString('latin1', at, at + end)
    at += end + 1
    return s
  }
  need(line() === 'parley/v1 claim', 'the file is not a claim')
  const file = { sheets: [], logs: [] }
  let last = 'start', log, entry
  for (;;) {
    const begin = at
    const [name, length, ...more] = line().split(' ')
    need(length !== undefined && more.length === 0, 'a piece is not in its form')
    if (name === 'end') {
      need(AFTER[last].includes('log') && last !== 'claim', 'the file ends too early')
      need(length === base64(sha(bytes.subarray(0, begin))) && at === bytes.length, 'the last line does not fit the file')
      return file
    }
    need(AFTER[last].includes(name), `a piece stands where it must not: ${printable(name)}`)
    const n = number(length)
    need(n <= LIMITS[name] && at + n < bytes.length && bytes[at + n] === LF, `a piece has not its length: ${name}`)
    const piece = bytes.subarray(at, at + n)
    at += n + 1
    last = name
    if (name === 'sheet') file.sheets.push(piece)
    else if (name === 'log') file.logs.push((log = { name: piece.toString('latin1'), entries: [], receipts: [] }))
    else if (name === 'entry') log.entries.push((entry = { bytes: piece, facts: null, text: null }))
    else if (name === 'facts' || name === 'text') entry[name] = piece
    else if (name === 'receipt') log.receipts.push(piece)
    else file[name] = piece
  }
}

// take gives the values of the next line if it begins with a word, and steps on.
function take(lines, word, count) {
  const f = lines.length ? lines[0].split(' ') : []
  if (f[0] !== word || f.length !== count + 1) return null
  lines.shift()
  return f.slice(1)
}
function must(lines, word, count, what) {
  const f = take(lines, word, count)
  need(f, `a ${what} has no line "${word}" in its form`)
  return f
}

// ---- Genesis, terms, sheets (party.md) ----

// readGenesis reads the genesis of a line of two (REC-906), or of a line alone, where B has no keys (ALN-001).
function readGenesis(bytes) {
  const alone = bytes.toString('latin1', 0, 16) === 'parley/v1 alone\n'
  const note = readNote(bytes, alone ? 1 : 2)
  const lines = [...note.lines]
  need(lines.shift() === `parley/v1 ${alone ? 'alone' : 'genesis'}`, 'the genesis is not one')
  const [name] = must(lines, 'line', 1, 'genesis')
  const sides = ['A', 'B'].map((letter) => {
    if (alone && letter === 'B') return { party: must(lines, letter, 1, 'genesis')[0] }
    const [party, sheet, sign, random] = must(lines, letter, 4, 'genesis')
    need(isHash(sheet) && isHash(random), 'a side of the genesis is not in its form')
    return { party, sheet, sign: readKey(sign), random }
  })
  need(alone || isHash(must(lines, 'tag', 1, 'genesis')[0]), 'the genesis is not in its form')
  const [length, hash] = must(lines, 'terms', 2, 'genesis')
  need([name, ...sides.map((x) => x.party)].every((x) => IS_PARTY.test(x)) && sides[0].party !== sides[1].party, 'a name in the genesis is not in its form')
  need(number(length) >= 1 && number(length) <= 4096 && isHash(hash) && lines.length === 0, 'the genesis is not in its form')
  const [a, b] = sides
  need(alone || (a.sheet !== b.sheet && a.sign.text !== b.sign.text && a.random !== b.random), 'both sides of the genesis have the same sheet, key or bytes')
  note.signs.forEach((sign, i) => need(signedBy(note, sign, `${sides[i].party}/sign`, [sides[i].sign]), `the genesis is not signed by ${sides[i].party}`))
  return { name, sides, alone, length: number(length), hash, id: note.leaf.slice(0, 43).replaceAll('+', '-').replaceAll('/', '_') }
}

function readSheet(bytes, genesis) {
  const note = readNote(bytes, 1)
  const lines = [...note.lines]
  need(lines.shift() === 'parley/v1 sheet', 'a sheet is not one')
  const [party] = must(lines, 'party', 1, 'sheet')
  const issue = number(must(lines, 'issue', 1, 'sheet')[0])
  const [before] = must(lines, 'before', 1, 'sheet')
  need(IS_PARTY.test(party) && issue >= 1 && (issue === 1 ? before === 'none' : isHash(before)), 'a sheet is not in its form')
  const partyKey = readKey(must(lines, 'party-key', 1, 'sheet')[0])
  const sign = readKey(must(lines, 'sign', 1, 'sheet')[0])
  readKey(must(lines, 'link', 1, 'sheet')[0])
  const ends = []
  for (let f; (f = take(lines, 'end', 5)); ) {
    const [what, key, past, log, size] = f
    need(what === 'sign' && past === 'past' && log.startsWith(`${party}/${genesis.id}/`) && isLog(logOf(log)) && number(size) >= 1 && ends.length < 4, 'the end of a key is not in its form')
    ends.push({ key: readKey(key).text, log: logOf(log), size: number(size) })
  }
  need(isHash(must(lines, 'paths', 1, 'sheet')[0]) && lines.length === 0, 'a sheet is not in its form')
  need(signedBy(note, note.signs[0], `${party}/party`, [partyKey]), `a sheet of ${party} is not signed by its key`)
  return { party, issue, before, partyKey, sign, ends, hash: note.leaf, partyHash: sha(`party-key ${partyKey.text}\n`) }
}

// readParties reads the sheets. In the file each sheet of a party follows the one before it; the keys of a party are those of the sheet that the
// genesis names and of what follows it (REC-033).
function readParties(genesis, pieces) {
  const sheets = pieces.map((piece) => readSheet(piece, genesis))
  const parties = genesis.sides.map(({ party, sheet, sign }) => {
    if (!sign) return { name: party, keys: [], ends: [] }
    const own = sheets.filter((s) => s.party === party), first = own.findIndex((s) => s.hash === sheet)
    need(first >= 0, `the sheet of ${party} that the genesis names is not there`)
    need(own[first].sign.text === sign.text, `the genesis names another key than the sheet of ${party}`)
    own.forEach((s, i) => {
      const below = own[i - 1]
      need(!below || (below.issue === s.issue - 1 && s.before === below.hash && s.partyKey.text === below.partyKey.text), `a sheet of ${party} does not follow the one before`)
    })
    const from = own.slice(first)
    return { name: party, keys: from.map((s) => s.sign), ends: from.flatMap((s) => s.ends.map((e) => ({ ...e, issue: s.issue }))), issues: [from[0].issue, from.at(-1).issue], hash: own[0].partyHash }
  })
  need(sheets.every((s) => parties.some((p) => p.name === s.party && p.keys.length)), 'a sheet is of no party that signed the genesis')
  need(genesis.alone || Buffer.compare(parties[0].hash, parties[1].hash) < 0, 'A is not the party with the smaller party hash')
  return parties
}

// ---- Statements (REC-004 to REC-010) ----

// readHeader reads what follows the first four lines. Malformed, a statement is inert, and its header says nothing (null).
function readHeader(lines, index, log) {
  const h = { seen: [], re: [] }
  const opened = take(lines, 'opened', 2)
  const STARTS = ['first', 'restart', 'restore', 'failed', 'refused', 'clock', 'key']
  if ((opened !== null) !== (index === 0)) return null
  if (opened && !(IS_PARTY.test(opened[0]) && STARTS.includes(opened[1]))) return null
  const party = log.slice(0, log.indexOf('/'))
  let peers = false
  for (let f; (f = take(lines, 'seen', 3)); ) {
    const [name, size, root] = f
    if (!isLog(name) || !(number(size) >= 1) || !isHash(root) || name === log) return null
    if (h.seen.some((s) => s.log === name) || h.seen.length === 16) return null
    const own = name.startsWith(party + '/')
    if (own && peers) return null
    peers ||= !own
    h.seen.push({ log: name, size: number(size), root })
  }
  const heard = take(lines, 'heard', 1) ?? take(lines, 'heard', 2) ?? []
  if (!(heard[0] === 'none' && heard.length === 1) && !(IS_RUN.test(heard[0]) && time(heard[1] ?? '') % 10 === 0)) return null
  h.time = microTime(take(lines, 'time', 1)?.[0] ?? '')
  h.kind = take(lines, 'kind', 1)?.[0] ?? ''
  h.class = take(lines, 'class', 1)?.[0]
  h.mark = take(lines, 'mark', 1)?.[0]
  if (Number.isNaN(h.time) || !IS_KIND.test(h.kind)) return null
  if (!['substantive', 'service', 'test'].includes(h.class) || !['actual', 'exercise'].includes(h.mark)) return null
  for (let f; (f = take(lines, 're', 3)); ) {
    const [name, at, leaf] = f
    if (!isLog(name) || !isNumber(at) || !isHash(leaf) || h.re.length === 8) return null
    if (h.re.some((r) => r.log === name && r.index === number(at) && r.leaf === leaf)) return null
    h.re.push({ log: name, index: number(at), leaf })
  }
  for (const body of ['facts', 'text']) {
    const f = take(lines, body, 2)
    if (f && !(number(f[0]) >= 1 && isHash(f[1]))) return null
    if (f) h[body] = { length: number(f[0]), hash: f[1] }
  }
  return lines.length === 0 ? h : null
}

function readStatement(entry, log, genesis) {
  const note = readNote(entry.bytes, 1)
  const lines = [...note.lines]
  need(lines.shift() === 'parley/v1 statement', 'an entry is not a statement')
  need(must(lines, 'log', 1, 'statement')[0] === log.path, 'a statement is of another log or another line')
  const index = number(must(lines, 'index', 1, 'statement')[0])
  const [prev] = must(lines, 'prev', 1, 'statement')
  need(!Number.isNaN(index) && isHash(prev), 'a statement is not sound')
  const key = signedBy(note, note.signs[0], `${log.party.name}/sign`, log.party.keys)
  need(key, `the signature of ${log.name} ${index} does not hold`)
  const header = readHeader(lines, index, log.name)
  const s = { log, index, prev, key, header, leaf: note.leaf, place: `${log.name} ${index}`, facts: entry.facts, text: entry.text, joined: false, counts: undefined }
  for (const body of ['facts', 'text']) {
    const named = header?.[body]
    need(!s[body] || (named && named.length === s[body].length && named.hash === base64(sha(s[body]))), `the ${body} of ${s.place} do not fit it`)
  }
  return s
}

// Tree gives the RFC 6962 root after each leaf, from the roots of the full subtrees at the right edge.
class Tree {
  edge = []
  size = 0
  add(leaf) {
    let node = leaf
    for (let n = this.size++; n & 1; n >>= 1) node = nodeOf(this.edge.pop(), node)
    this.edge.push(node)
  }
  root() {
    return base64(this.edge.length ? this.edge.reduceRight((right, left) => nodeOf(left, right)) : sha(''))
  }
}

// readRecord reads the logs. `missing` takes what is named and not there: it makes the file CANNOT BE KNOWN (CLM-009).
function readRecord(file, genesis, parties, missing) {
  const logs = new Map()
  for (const piece of file.logs) {
    need(isLog(piece.name) && !logs.has(piece.name), 'a log has not its form, or stands twice')
    const party = parties.find((p) => piece.name.startsWith(p.name + '/'))
    need(party, 'a log is of no party of this line')
    const [name, run] = piece.name.split('/')
    const log = { name: piece.name, party, number: logNumber(piece.name), run, path: `${name}/${genesis.id}/${run}`, entries: [], at: new Map(), joined: [], roots: [], receipts: [] }
    const tree = new Tree()
    let latest = 0
    log.roots.push(tree.root())
    for (const entry of piece.entries) {
      const s = readStatement(entry, log, genesis)
      const below = log.entries.at(-1)
      need(!below || below.index <= s.index, 'an entry stands after one of a higher index')
      need(below?.index !== s.index, `two texts at one place: ${s.place}`)
      s.foreign = [...(s.header?.seen ?? []), ...(s.header?.re ?? [])].some((x) => !parties.some((p) => x.log.startsWith(p.name + '/')))
      s.late = s.header && s.header.time < latest // of one that is not joined nobody asks
      if (s.header?.time > latest) latest = s.header.time
      if (s.index === log.joined.length) {
        need(s.prev === log.roots[s.index], `the root of ${s.place} over what is below it does not fit`)
        tree.add(Buffer.from(s.leaf, 'base64'))
        log.roots.push(tree.root())
        log.joined.push(s)
        s.joined = true
      }
      log.entries.push(s)
      log.at.set(s.index, s)
    }
    if (log.joined.length < log.entries.length) missing.push(`entry ${log.joined.length} of ${log.name}`)
    logs.set(log.name, log)
  }
  const order = [...logs.values()].sort((a, b) => compareBytes(a.party.name, b.party.name) || a.number - b.number || compare(a.run, b.run))
  const record = { logs, order, parties, anew: new Map(), statements: order.flatMap((l) => l.entries) }
  record.statements.forEach((s, i) => (s.id = i))
  for (const piece of file.logs) for (const bytes of piece.receipts) readReceipt(bytes, logs.get(piece.name), record, genesis, missing)
  for (const p of parties) if (p.keys.length && !order.some((l) => l.party === p && l.number === 1)) missing.push(`log number 1 of ${p.name}`)
  return record
}

const entryAt = (record, log, index) => record.logs.get(log)?.at.get(index)
// named is the very text that a `re` names, if it is there.
function named(record, re) {
  const s = re && entryAt(record, re.log, re.index)
  return s?.leaf === re?.leaf ? s : undefined
}

// meant is what a `re` means: the very text, or the one that counts of those stated anew under one leaf (CLM-014).
function meant(record, re) {
  const s = named(record, re)
  return s?.first ?? s
}

// fits says whether the log that a statement saw is here up to there, with that root.
const fits = (record, seen) => record.logs.get(seen.log)?.roots[seen.size] === seen.root

// A receipt: REC-017, REC-031.
function readReceipt(bytes, log, record, genesis, missing) {
  const note = readNote(bytes, 1)
  const lines = [...note.lines]
  const peer = record.parties.find((p) => p !== log.party)
  need(lines.shift() === 'parley/v1 receipt', 'a receipt is not one')
  need(must(lines, 'log', 1, 'receipt')[0] === log.path, 'a receipt is of another log')
  const [index, leaf] = must(lines, 'entry', 2, 'receipt')
  const bodies = lines.shift() ?? ''
  const [all, root] = must(lines, 'all', 2, 'receipt')
  const [upTo] = must(lines, 'whole', 1, 'receipt')
  const [issue] = must(lines, 'sheet', 1, 'receipt')
  const by = must(lines, 'by', 1, 'receipt')[0].split('/')
  const held = time(must(lines, 'held', 1, 'receipt')[0])
  const r = { index: number(index), bodies: bodies.slice(7), all: number(all), whole: number(upTo), issue: number(issue), held }
  need(/^bodies (facts|text|facts text|none)$/.test(bodies) && isHash(leaf) && isHash(root) && lines.length === 0, 'a receipt is not in its form')
  need(r.index >= 0 && r.all >= 0 && r.whole >= 0 && r.whole <= r.all && number(issue) >= 1 && held >= 0, 'a receipt is not in its form')
  need(by.length === 3 && by[0] === peer.name && by[1] === genesis.id && IS_RUN.test(by[2]), 'a receipt is by none who may give it')
  need(signedBy(note, note.signs[0], `${peer.name}/sign`, peer.keys), `the signature of a receipt of ${log.name} does not hold`)
  const s = entryAt(record, log.name, r.index)
  if (s) {
    need(s.leaf === leaf, `a receipt names another text at ${s.place}`)
    for (const body of ['facts', 'text']) need(!r.bodies.includes(body) || s.header?.[body], `a receipt names ${body} that ${s.place} does not have`)
  } else missing.push(`entry ${r.index} of ${log.name}, named by a receipt`)
  if (r.all < log.roots.length) {
    need(log.roots[r.all] === root, `the root of a receipt of ${log.name} does not fit`)
    log.receipts.push(r)
  } else missing.push(`the entries of ${log.name} that a receipt counts`)
  need(number(issue) >= log.party.issues[0], 'a receipt names a sheet before the one that the genesis names')
  if (number(issue) > log.party.issues[1]) missing.push(`issue ${printable(issue)} of the sheet of ${log.party.name}, named by a receipt`)
}

// holdsAt is the earliest time at which the other party says that it held a statement whole (REC-018); Infinity without.
function holdsAt(s) {
  const every = ['facts', 'text'].filter((b) => s.header[b]).join(' ') || 'none'
  let at = Infinity
  for (const r of s.log.receipts) if (r.whole > s.index || (r.index === s.index && r.bodies === every)) at = Math.min(at, r.held)
  return at
}

// ---- The past (REC-012) ----

// pastOf says of each log how many of its first entries are below the first `size` entries of one, or among them. What was seen
// with a root that is not the one here proves no order.
function pastOf(record, log, size) {
  const reach = new Map(), todo = [[log, size]]
  while (todo.length) {
    const [l, upTo] = todo.pop()
    const from = reach.get(l) ?? 0
    if (from >= upTo) continue
    reach.set(l, upTo)
    const top = l.at.get(upTo - 1) // what a re names is proved by its leaf, joined or not; so is what that names
    if (top && !top.joined) for (const re of top.header?.re ?? []) if (record.logs.has(re.log)) todo.push([record.logs.get(re.log), re.index + 1])
    for (const s of l.joined.slice(from, upTo)) {
      for (const seen of s.header?.seen ?? []) if (fits(record, seen)) todo.push([record.logs.get(seen.log), seen.size])
      for (const re of s.header?.re ?? []) if (named(record, re)) todo.push([record.logs.get(re.log), re.index + 1])
    }
  }
  return reach
}

// Past answers whether one statement is before another. For one log at a time it works out how far each statement knows that log.
class Past {
  constructor(record) {
    this.statements = record.statements
    const n = this.statements.length
    this.below = this.statements.map((s) => {
      const ids = []
      const add = (t) => { if (t) ids.push(t.id) }
      if (s.index > 0 && s.joined) add(s.log.joined[s.index - 1])
      for (const seen of s.header?.seen ?? []) if (fits(record, seen)) add(record.logs.get(seen.log).joined[seen.size - 1])
      for (const re of s.header?.re ?? []) add(named(record, re))
      return ids
    })
    // An order in which everything stands after its past.
    const waits = new Int32Array(n), above = Array.from({ length: n }, () => [])
    this.below.forEach((ids, i) => { waits[i] = ids.length; for (const b of ids) above[b].push(i) })
    this.order = []
    for (let i = 0; i < n; i++) if (waits[i] === 0) this.order.push(i)
    for (let k = 0; k < this.order.length; k++) for (const a of above[this.order[k]]) if (--waits[a] === 0) this.order.push(a)
    this.known = new Map()
    this.room = Math.max(4, Math.floor(2 ** 29 / (4 * n + 1)))
  }
  knows(log) {
    let known = this.known.get(log)
    if (known) return known
    known = new Int32Array(this.statements.length)
    for (const i of this.order) {
      let size = 0
      for (const b of this.below[i]) {
        const s = this.statements[b]
        size = Math.max(size, known[b], s.log === log ? s.index + 1 : 0)
      }
      known[i] = size
    }
    if (this.known.size >= this.room) this.known.delete(this.known.keys().next().value)
    this.known.set(log, known)
    return known
  }
  before(a, b) { return this.knows(a.log)[b.id] > a.index }

  // newest are those of a list that are before no other of it, in canonical order. Of one log only the last can be.
  newest(list) {
    const last = new Map()
    for (const s of list) if (!(last.get(s.log)?.index > s.index)) last.set(s.log, s)
    const tops = [...last.values()].sort((a, b) => a.id - b.id)
    return tops.filter((a) => !tops.some((b) => b !== a && this.before(a, b)))
  }
}

// checkRecord is what CLM-005, CLM-008 and CLM-009 ask of the statements together.
function checkRecord(record, claim, missing) {
  for (const s of record.statements) {
    if (!s.header) continue
    if (s.foreign) continue
    if (!KNOWN.has(s.header.kind)) missing.push(`the kind ${printable(s.header.kind)} is not known`)
    for (const { log, size, root } of s.header.seen) {
      const roots = record.logs.get(log)?.roots ?? []
      need(size >= roots.length || roots[size] === root, `${s.place} saw another ${log} than the one here`)
      if (size >= roots.length) missing.push(`${log} up to ${size}, seen by ${s.place}`)
    }
    for (const re of s.header.re) if (!named(record, re)) missing.push(`${re.log} ${re.index}, named by ${s.place}`)
  }
  for (const party of record.parties) {
    for (const end of party.ends) {
      if (!entryAt(record, end.log, end.size - 1)?.joined) {
        missing.push(`entry ${end.size - 1} of ${end.log}, where a key ends`)
        continue
      }
      const stands = pastOf(record, record.logs.get(end.log), end.size)
      const held = (s) => s.log.receipts.some((r) => (r.whole > s.index || r.index === s.index) && r.issue < end.issue) // REC-036
      for (const s of record.statements) need(s.log.party !== party || s.key.text !== end.key || s.index < (stands.get(s.log) ?? 0) || held(s), `${s.place} is signed by a key beyond its end`)
    }
  }
  const past = pastOf(record, claim.log, claim.index + 1)
  for (const log of record.order) {
    need(log.joined.length <= (past.get(log) ?? 0), `${log.name} has a statement that is not in the past of the claim`)
  }
}

// ---- Strict JSON (REC-007) ----

class NotValid extends Error {}
const valid = (ok) => { if (!ok) throw new NotValid() }

// parseJSON reads a body: an object of one line that begins with its salt, in these bytes. Objects have no prototype, so that a member may have any name.
function parseJSON(bytes) {
  let s
  try { s = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) } catch { throw new NotValid() }
  valid(!/[\u0000-\u001f\u007f-\u009f]/.test(s) && /^\{"salt":"[^"\\]{44}"(,| *\}$)/.test(s))
  let i = 0
  const blanks = () => { while (s[i] === ' ') i++ }
  const list = (close, item) => {
    i++
    blanks()
    if (s[i] === close) return i++
    for (;;) {
      item()
      blanks()
      if (s[i] === close) return i++
      valid(s[i++] === ',')
      blanks()
    }
  }
  const string = () => {
    const m = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
    m.lastIndex = i
    const found = m.exec(s)
    valid(found)
    i += found[0].length
    const value = JSON.parse(found[0])
    valid(value.isWellFormed())
    return value
  }
  const value = (depth) => {
    valid(depth <= 16)
    const c = s[i]
    if (c === '"') return string()
    if (c === '[') {
      const items = []
      list(']', () => items.push(value(depth + 1)))
      return items
    }
    if (c === '{') {
      const members = Object.create(null)
      list('}', () => {
        const name = string()
        valid(!(name in members))
        blanks()
        valid(s[i++] === ':')
        blanks()
        members[name] = value(depth + 1)
      })
      return members
    }
    const m = /(true|false)|(0|-?[1-9][0-9]{0,15})(?![0-9.eE])/y
    m.lastIndex = i
    const found = m.exec(s)
    valid(found)
    i += found[0].length
    if (found[1]) return found[1] === 'true'
    valid(Math.abs(Number(found[2])) <= 2 ** 53)
    return Number(found[2])
  }
  valid(s[0] === '{')
  const object = value(1)
  valid(i === s.length)
  return object
}

// ---- Valid facts (CLM-030) ----
// A reader takes a member's value, undefined where it is left out, and gives it back or finds the facts not valid.

const string = (test) => (v = '') => { valid(typeof v === 'string' && test(v)); return v }
const orEmpty = (reader) => (v = '') => (v === '' ? '' : reader(v))
const orLeft = (reader) => (v) => (v === undefined ? '' : reader(v)) // of a time or a date the empty text is none
const oneOf = (...words) => string((v) => words.includes(v))
const integer = (least, most) => (v = 0) => { valid(Number.isInteger(v) && v >= least && v <= most); return v + 0 }
const flag = (v = false) => { valid(typeof v === 'boolean'); return v }
const list = (most, reader) => (v = []) => { valid(Array.isArray(v) && v.length <= most); return v.map((x) => reader(x)) }
const orNone = (reader) => (v) => (v === undefined ? undefined : reader(v))
const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v)
const table = (most, key, reader) => (v = {}) => {
  valid(isObject(v) && Object.keys(v).length <= most)
  const out = Object.create(null)
  for (const k of Object.keys(v)) { valid(key.test(k)); out[k] = reader(v[k]) }
  return out
}
const object = (members) => (v = {}) => {
  valid(isObject(v) && Object.keys(v).every((k) => Object.hasOwn(members, k)))
  const out = {}
  for (const k of Object.keys(members)) out[k] = members[k](v[k])
  return out
}

// MSG-005: letters, marks, numbers, punctuation, symbols and single-byte spaces, none at its ends; nothing that may be left undrawn. They are those of
// Unicode 15.0, whatever this Node.js has: the lengths of what is none of them and of what is, by turns, from U+0000 on, to the base of 36.
const LENGTHS = `
w 2n y c 1 ip 1 14 2 6 4 7 1 1 1 k 1 b1 1 12 2 1e 2 3 1 1j 8 r 4 6 h m 1 5c 1 1c 2 1n 2 2t e 1n 2 1d 2 f 1 s 2 1 1 b 5 v 9 22 1 4h 1 8 2 2 2
m 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 p 2 3 1 6 4 2 2 m 1 7 1 2 1 2 1 2 2 1 1 5 4 2 2 3 3 1 7 4 1 1 7 h a 3 1 9 1 3 1 m 1 7 1 2 1 5 2 a 1 3
1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 m 1 7 1 2 1 5 2 9 2 2 2 3 7 3 4 2 1 5 2 i a 2 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e l 5
d 1 3 1 n 1 g 2 9 1 3 1 4 7 2 1 3 2 1 2 4 2 a 7 m 1 3 1 n 1 a 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 a 1 3 c d 1 3 1 1f 1 3 1 6 4 g 2 q 1 3 1 i 3 o 1
9 1 1 2 7 3 1 4 6 1 1 1 8 6 a 2 3 c 1m 4 t 11 2 1 1 1 5 1 o 1 1 1 n 2 5 1 1 1 7 1 a 2 4 w 20 1 10 4 13 1 10 1 f 1 d 11 5i 1 1 5 1 2 3z 2 6g 1
4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 2 w 3 q 6 2e 2 6 2 hs 1 s 3 2h 7 m 9 o 9 k c d 1 3 1 2 c 1g 2 14 2 a 6 a 6 b 5 a
6 2h 7 17 5 1y a v 1 c 4 c 4 1 3 16 2 5 b 18 4 q 6 b 3 1q 2 1t 1 t 2 b 6 a 6 e 2 v 1d 25 3 1b 1 38 8 1o 3 f 3 1o 7 17 2 b 8 17 5 eu 2 6 2 12
2 6 2 8 1 1 1 1 1 1 1 v 2 1h 1 f 1 e 2 6 1 j 2 3 1 9 h o 8 1b h 2 2 r 1 d 3 x f x f 3w 4 if p b l 1ec 2 w 1 9p 5 19 1 1 5 1 2 1k 7 2 e o 9 7
1 7 1 7 1 7 1 7 1 7 1 7 1 7 1 3i y q 1 2h c 5y q c 5 1r 1 2e 2 2v 5 17 1 1f 1 16 1 2c c 1b 1 mlp 3 1j 9 9o k 54 8 5n 5 2 1 1 1 5 o 1n 3 a 6 1k
8 1y 8 c 6 38 b u 3 26 1 b 4 x 1 1j 9 e 2 a 2 2v o s a 6 2 6 2 6 9 7 1 7 1 1o 4 3i 2 a 6 8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 q 1 5 1 1 1 2 1
2 1 3h g cd 2 1i 7 1 w g g a 6 1f 1 j 1 4 4 5 1 3r 4 4f 1 u 3 6 2 6 2 6 2 3 3 7 1 7 d 1 3 c 1 q 1 j 1 2 1 f 2 e y 3f 5 3 4 19 3 2g 1 d 3 1 1b
1a 3m t 3 1d f s 4 10 9 u 5 17 5 u 1 11 4 e 16 4e 2 a 6 10 4 10 4 14 8 1g b c 1 f 1 7 1 2 1 b 1 f 1 7 1 2 1v 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1
1 18 1 2 3 1 2 n 1 20 8 9 1c j 1 2 5 x 3 r 5 1 1s 1k 4 k 2 1e 1 2 5 8 1 3 1 t 2 3 4 a 7 9 7 1s w 13 4 c 9 1i 3 t 2 r 5 q 7 4 c 7 28 21 1j 1f
d 1f 7 1a 8 a 86 v 1 16 1 3 2 2 23 17 8 16 m q 12 s k n 9 26 4 10 9 1q 1 5 d p 7 a 6 1h 1 i 8 13 9 2o 1 k b i 1 1b 1q 7 1 1 1 4 1 f 1 b 6 1n
5 a 6 4 1 8 2 2 2 m 1 7 1 2 1 5 1 a 2 2 2 3 2 1 6 1 5 7 2 7 3 5 3v 2k 1 5 u 20 8 a 4m 1i 2 12 y 1x b a 6 d j 1m 6 a 1i r 2 f 4 n 55 1o 2s 2b
c 8 2 1 2 8 1 2 1 u 1 2 2 c 9 a 1y 8 2 1a 2 b r 20 8 2b d 21 7 a 6u 9 1 19 1 e a t 3 w 2 m 1 e 21 7 1 2 1 18 3 1 1 2 1 9 8 a 6 6 1 2 1 11 1 2
1 6 7 a 8m p 7 h 1 15 3 s 2e 1 f 1e d pn 2u 33 1 5 b 5g 218 2r d ts g m 33e g7 6nt ft 7 v 1 a 4 29 1 a 6 u 2 6 a 1y a a 1 7 1 l 5 j j4 2j 2t
23 4 1l 7 h 1s 5 b 2 e 4qg 8 ye 16 9 6w7 4 1 7 1 2 1 83 f 1 t 3 2 1 e 4 8 b0 1s4 2z 5 d 3 9 7 a 2 4 3mo 1a 2 n 9 38 1o 6u a 13 2 22 8 34 l 1y
3e k c k c 2f 9 p 3r 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 84 2 ji f 5 1 f uo v 6 6 5x 7 1 h 2 7 1
2 1 5 5 1q x 1 34 19 3 e 2 a 4 2 8w v h 1m 5 1 cw 16 km 7 1 4 1 2 1 f 1 5h 2 g 15 24 4 a 4 2 lt 1w 24 1p 5e 4 1 r 1 2 1 1 2 1 1 a 1 4 1 1 1 1
6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 h 5 3 1 5 1 h 1g 2 7i 18 4 2s c f 2 f 1 f 1 11 a 4u 1k t d
18 4 9 7 2 e 6 4a rc 4 h 3 d 3 3b 4 2n 6 c 4 1 f c 4 1k 8 a 6 14 8 u 2 2 26 9g c e 2 d 3 9 7 1a 1 7 8 e 4 9 7 9 7 43 1 1j 11 a sm wyo w 37e 6
66 2 4g2 e 5rl 2e7 f2 15u 3t7 5 38g
`
const SEEN = new Uint8Array(0x110000)
LENGTHS.trim().split(/\s+/).reduce(([at, is], n) => {
  SEEN.fill(is, at, at + parseInt(n, 36))
  return [at + parseInt(n, 36), 1 - is]
}, [0, 0])
const isText = (v) => v !== '' && [...v].every((c) => SEEN[c.codePointAt(0)]) && !/^ | $/.test(v)
const text = (most) => string((v) => isText(v) && Buffer.byteLength(v) <= most)
const atTime = string((v) => !Number.isNaN(time(v)))
const atDate = string((v) => dates(v) !== null)
const place = string(isPlace)
const hash = string(isHash)
const hex = string((v) => /^[0-9a-f]{32}$/.test(v))
const tag = string((v) => /^[a-z]{2,3}$/.test(v))

const author = (v) => {
  const a = object({ officer: orEmpty(place), known: oneOf('account', 'account + link', 'passkey', 'unattributed'), desk: orEmpty(text(32)) })(v)
  valid((a.officer === '') === (a.known === 'unattributed'))
  return a
}
const person = (v) => { const a = author(v); valid(a.officer !== ''); return a }
const maybeAuthor = orNone(author)
const wasAt = object({ place, leaf: string((v) => isHash(v) && v !== `${'A'.repeat(43)}=`), time: atTime })
const before = orNone(wasAt) // where it was stated before the line (ALN-021)

const free = string(() => true)
const count = integer(0, 2 ** 53)
const release = (v) => { // PRS-001
  const p = object({ draft: hash, by: person, with: list(16, place) })(v)
  valid(new Set(p.with).size === p.with.length && !/^A{43}=$/.test(p.draft))
  return p
}
// What a figure says is compared with what is worked out: here it only has its form. An instant in one spelling, of any zone and fraction.
const when = orLeft(string((v) => /^.{19}(\.\d{0,8}[1-9])?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(v) && !/[+-]00:00$|^0001-01-01T00:00:00Z$/.test(v) && !Number.isNaN(instant(`${v.slice(0, 19)}Z`))))
const figure = integer(-(2 ** 53), 2 ** 53)
const words = object({ both: figure, ours: figure, theirs: figure, disputed: figure })
const columns = table(Infinity, /^/, words)
const FIGURES = {
  tested: object({ from: when, days: figure, tested: figure, streak: figure, suspended: figure, maintenance: figure, last: when, gap_from: when, gap_to: when }),
  used: object({ from: when, messages: figure, stops: figure, calls: figure, disputed: figure, last: when }),
  contacts: list(Infinity, object({ ours: free, theirs: free, last: orLeft(atDate), kind: free, whose: free, since: words, straddles: figure })),
  requests: object({ sought: figure, ours: columns, theirs: columns }),
  telephone: object({ from: when, ours: table(Infinity, /^/, figure), theirs: table(Infinity, /^/, figure), last: when, gap_from: when, gap_to: when }),
}
const TESTS = ['answered', 'unproven', 'no-answer', 'busy', 'declined', 'no-number', 'no-tone', 'dead']

const slot = object({ by: text(64), id: string((v) => !Number.isNaN(time(v)) || /^[0-9a-f]{32}$/.test(v)) })
const opened = { slot, at: atTime, question: text(64), by: maybeAuthor }
const short = orEmpty(text(64)), desk = orEmpty(text(32)), desks = list(8, text(32)), call = { opener: text(32), call: hex }
const OUTCOMES = ['answered', 'declined', 'no-answer', 'nobody-armed', 'busy-with-us', 'busy-elsewhere', 'cancelled', 'crossed', 'failed', 'no-sound']
const CHANNELS = {
  call: 'telephone line video', meeting: 'in-person video', summons: 'in-person video telephone', letter: 'letter', public: 'public',
  demarche: 'in-person letter video telephone', protest: 'letter in-person video telephone', multilateral: 'in-person video telephone',
}
const way = oneOf('', 'line', 'telephone', 'letter', 'embassy', 'press'), basis = oneOf('own', 'told-by', 'press')
const suspension = { class: 'service', bodies: 8192, facts: { until: orLeft(atTime), by: person } }
const opening = { class: 'test', text: false, bodies: 16384, facts: opened, ok: (s, f, { isParty }) => isParty(f.slot.by) }
// Who was in a call at an end (CAL-026), and what it recorded (RCD-008).
const joined = object({ by: author, part: oneOf('officer', 'linguist', 'principal', 'listener'), speaks: flag, from: atTime, until: atTime })
const recordFile = object({
  name: string((v) => /^[a-z][a-z0-9-]{0,15}-[0-3](-[1-9][0-9]?)?\.(ogg|wav)(\.sealed)?$/.test(v)), from_ms: integer(0, 2 ** 53), ms: integer(0, 2 ** 53), bytes: integer(0, 2 ** 53),
  sha256: string((v) => /^[0-9a-f]{64}$/.test(v)),
})
const recording = object({ files: list(8, recordFile), dropped: integer(0, 2 ** 53), fault: oneOf('', 'full', 'refused', 'hangs', 'disk', 'long', 'many', 'unread') })
const sensible = (f) => f.with.every((j) => time(j.from) <= time(j.until) && !(j.part === 'listener' && j.speaks)) && (f.with.length === 0 || f.answered !== '') &&
  new Set(f.recording?.files.map((x) => x.name)).size === (f.recording?.files.length ?? 0)
const calls = (facts, ok = () => true) => ({ text: false, bodies: 4096, facts: { ...call, ...facts }, ok: (s, f, { isParty }) => isParty(f.opener) && ok(s, f) })
const word = (facts, more) => ({ class: 'service', facts: { ...facts, by: author }, ...more })
const sameMark = (s, f, { beginning }) => beginning.header.mark === s.header.mark
const hasSource = (s, f) => f.basis !== 'told-by' || Boolean(s.header.text)
const notBefore = (date, placed) => date === '' || dates(date).last >= dates(placed).first
const onlyWith = (value, outcome, ...outcomes) => value === '' || outcomes.includes(outcome)
const ofOther = (s, re) => !re.log.startsWith(s.log.party.name + '/')

// What each kind must be: class, whether it may have a text, how many `re` (least, most), of what kind its beginning is, the longest bodies,
// the members of its facts, and what else is asked of it.
const KINDS = {
  'claim.made': {
    class: 'service', re: [0, 0], facts: { since: atTime, at: atTime, ...Object.fromEntries(Object.entries(FIGURES).map(([k, r]) => [k, orNone(r)])), press: orNone(release), by: person },
    ok: (s, f) => (!s.header.text || f.press) && time(f.since) <= time(f.at) && time(f.at) * 1e6 <= s.header.time && s.header.time - time(f.at) * 1e6 <= 600e6 && Object.keys(FIGURES).some((k) => f[k] !== undefined),
  },
  'check.opened': opening,
  'check.joined': opening,
  'check.closed': { class: 'test', text: false, bodies: 16384, facts: closedMembers(), ok: (s, f, { isParty }) => isParty(f.slot.by) && rowsSay(f) },
  'check.noted': {
    class: 'test', text: false, bodies: 16384, facts: { outcome: oneOf(...TESTS), at: atTime, rang: orEmpty(place), node: flag, by: author },
    ok: (s, f) => time(f.at) * 1e6 <= s.header.time && (f.node ? f.rang === '' : f.by.officer !== ''),
  },
  'line.suspended': { ...suspension, ok: (s, f) => f.until === '' || time(f.until) * 1e6 > s.header.time },
  'line.maintenance': { ...suspension, ok: (s, f) => time(f.until) * 1e6 > s.header.time && time(f.until) * 1e6 <= s.header.time + 7 * DAY * 1e6 },
  'line.left': { ...suspension, facts: { by: person } },
  'line.resumed': {
    class: 'service', text: false, bodies: 8192, facts: { by: person }, of: ['line.suspended', 'line.maintenance', 'line.left'],
    ok: (s, f, { beginning }) => beginning.log.party === s.log.party,
  },
  'terms.proposed': {
    class: 'service', re: [0, 0], facts: { terms: free, replaces: hash, from: atTime, by: person },
    ok: (s, f) => { f.read = readTerms(Buffer.from(f.terms)); return time(f.from) * 1e6 >= s.header.time + DAY * 1e6 },
  },
  'terms.accepted': { class: 'service', text: false, facts: { by: person }, of: ['terms.proposed'], ok: (s, f, { beginning }) => beginning.log.party !== s.log.party },
  'call.placed': calls({ by: author, priority: desk, at: atTime }, (s, f) => f.opener === s.log.party.name),
  'call.rang': calls({ from: desk, desks, priority: desk, at: atTime }, (s, f) => f.opener !== s.log.party.name),
  'call.silent': calls({ at: atTime }),
  'call.class': calls({ by: author }),
  'call.noted': {
    ...calls({ at: atTime, seconds: integer(0, 1048575), with: list(8, place), by: person },
      (s, f) => f.opener === s.log.party.name && f.with.length > 0 && time(f.at) * 1e6 <= s.header.time), text: true, bodies: 8192,
  },
  'call.closed': {
    ...calls({
      outcome: oneOf(...OUTCOMES), cause: oneOf('', 'path', 'media', 'microphone', 'speaker', 'far-node', 'near-node', 'policy'), desk, desks, there: desk, ended_by: desk,
      stand_by_until: orLeft(atTime), seconds: integer(0, 65535), became: orEmpty(hex), by: maybeAuthor, codec: oneOf('', 'opus', 'g722', 'pcmu'), began: atTime,
      answered: orLeft(atTime), ended: atTime, meters: orNone(object({ sent: count, received: count, lost: count, gap_ms: count })), with: list(8, joined), recording: orNone(recording),
    }, (s, f) => sensible(f) && (f.cause !== '') === (f.outcome === 'failed') && onlyWith(f.stand_by_until, f.outcome, 'declined') && onlyWith(f.became, f.outcome, 'answered') &&
      f.became !== f.call && (f.outcome !== 'no-sound' || (f.meters && (f.meters.sent === 0 || f.meters.received === 0))) && (!s.header.text || f.outcome === 'declined')),
    text: true, bodies: 8192,
  },
  'post.added': {
    class: 'service', re: [0, 1], facts: {
      org: text(64), name: text(120), names: table(16, /^[a-z]{2,3}$/, text(120)), level: integer(1, 9), of: orEmpty(text(64)), pair: orEmpty(place),
      deputy_of: orEmpty(place), langs: list(16, tag), by: maybeAuthor,
    }, ok: (s, f) => f.of !== s.log.party.name,
  },
  'contact.made': {
    class: 'service', re: [0, 1], facts: {
      kind: oneOf(...Object.keys(CHANNELS)), channel: free, participants: list(16, object({ post: place, number: integer(0, 999) })), when: atDate, basis,
      occasion: orEmpty(place), follows: orEmpty(place), by: author,
    }, ok: (s, f) => CHANNELS[f.kind].split(' ').includes(f.channel) && f.participants.length >= ({ public: 1, multilateral: 3 }[f.kind] ?? 2) &&
      new Set(f.participants.map((p) => p.post)).size === f.participants.length && hasSource(s, f) && (f.kind !== 'public' || Boolean(s.header.text)),
  },
  'contact.confirmed': word({}, { of: ['contact.made'], ok: (s, f, about) => sameMark(s, f, about) && about.beginning.log.party !== s.log.party }),
  'contact.disputed': word({}, { of: ['contact.made'], ok: (s, f, about) => sameMark(s, f, about) && about.beginning.log.party !== s.log.party }),
  'request.placed': word({ for: oneOf('call', 'meeting'), from: place, with: place, when: atDate, standing: flag, way, basis }, { re: [0, 0], ok: (s, f) => f.from !== f.with && hasSource(s, f) }),
  'request.tried': word({ when: atDate, way, basis }, {
    re: [1, 1], of: ['request.placed'], ok: (s, f, about) => sameMark(s, f, about) && notBefore(f.when, about.beginning.read.when) && hasSource(s, f),
  }),
  'request.outcome': word({
    outcome: oneOf('accepted', 'declined', 'deferred', 'counter-proposed', 'lapsed', 'no-reply', 'not-reached'), on: orLeft(atDate), at: orLeft(atTime), until: orLeft(atTime),
    behalf: oneOf('', 'desk', 'office', 'principal'),
  }, {
    re: [1, 2], of: ['request.placed'], ok: (s, f, about) => sameMark(s, f, about) && notBefore(f.on, about.beginning.read.when) &&
      onlyWith(f.until, f.outcome, 'deferred', 'counter-proposed') && onlyWith(f.at, f.outcome, 'accepted', 'counter-proposed'),
  }),
  'request.confirmed': word({}, { re: [2, 2], of: ['request.placed'], ok: (s, f, about) => sameMark(s, f, about) && ofOther(s, s.header.re[1]) }),
  'request.disputed': word({}, { re: [2, 2], of: ['request.placed'], ok: (s, f, about) => sameMark(s, f, about) && ofOther(s, s.header.re[1]) }),
  'request.withdrawn': word({}, { of: ['request.placed'], ok: (s, f, about) => sameMark(s, f, about) && about.beginning.log.party === s.log.party }),
}

// Every kind of kinds.md. A statement of another makes the file CANNOT BE KNOWN.
const KNOWN = new Set([...Object.keys(KINDS), ...`line.genesis officer.added officer.revoked post.ended holder.added holder.ended event.added event.ended
  message.warning message.information message.intention message.question message.answer message.request message.incident message.shown message.acknowledged
  message.responded message.complied message.relayed message.classed stop.sent stop.taken stop.relayed stop.in-effect stop.refused stop.lifted concern.raised
  concern.answered concern.overtaken assessment.made watch.noted watch.given watch.taken check.noted call.line call.noted recording.erased readout.filed readout.sealed readout.published readout.shown
  readout.excepted press.drafted sheet.issued sheet.accepted`.split(/\s+/)])

function closedMembers() {
  const part = object({
    part: oneOf('station', 'path', 'stop', 'voice', 'ring', 'question'), path: short, result: oneOf('ok', 'failed', 'none'), why: short, ms: count, sent: count, back: count,
    level_db: integer(-(2 ** 53), 2 ** 53), id: short, answer: oneOf('', 'a', 'b', 'c', 'd'), lang: short, by: maybeAuthor,
  })
  return { slot, at: atTime, outcome: oneOf('failed', 'declined', 'no-operator', 'passed'), which: list(40, free), parts: list(40, part) }
}

// rowsSay says whether the outcome of an end is what its parts say (CHK-009).
function rowsSay(f) {
  const failed = new Set(f.parts.filter((p) => p.result === 'failed').map((p) => p.part))
  for (const must of ['station', 'path', 'voice', 'stop']) if (!f.parts.some((p) => p.part === must && p.result === 'ok')) failed.add(must)
  const which = [...failed].sort(compareBytes)
  let outcome = 'passed'
  if (!f.parts.some((p) => p.part === 'ring' && p.result === 'ok') || f.parts.some((p) => p.part === 'question' && p.result === 'none' && p.why === '')) outcome = 'no-operator'
  if (f.parts.some((p) => p.result === 'none' && p.why === 'declined')) outcome = 'declined'
  if (which.length) outcome = 'failed'
  return f.outcome === outcome && f.which.join(' ') === which.join(' ')
}

// inertByHeader says whether a statement is inert by what its header alone tells (CLM-014).
function inertByHeader(record, s) {
  const h = s.header
  if (!s.joined || !h || s.late) return true
  return s.foreign || h.facts?.length > 65536 || h.text?.length > 65536
}

// counts reads the facts of a statement, once, into s.read, and says whether it counts (CLM-014, CLM-030).
function counts(record, s) {
  if (s.counts !== undefined) return s.counts
  s.counts = !inertByHeader(record, s) && isValid(record, s)
  if (!s.counts || !s.read.before) return s.counts
  const first = record.anew.get(anewOf(record, s))
  if (!first) record.anew.set(anewOf(record, s), s)
  else if (sameAnew(record, first, s)) s.first = first
  return (s.counts = !first)
}

// anewOf names what was stated before the line: by its author, its kind and its leaf there. undefined for what was not.
function anewOf(record, s) {
  if (s.anew !== undefined) return s.anew ?? undefined
  s.anew = null
  if (!s.facts || inertByHeader(record, s) || !/^(post|contact|request)\./.test(s.header.kind)) return undefined
  try {
    const b = orNone(wasAt)(parseJSON(s.facts).before)
    if (b) s.anew = `${s.log.party.name} ${s.header.kind} ${b.leaf}`
  } catch (e) {
    if (!(e instanceof NotValid)) throw e
  }
  return s.anew ?? undefined
}

// sameAnew says whether two statements under one leaf are the same one (CLM-014): what they name is, and all else they say.
function sameAnew(record, a, b) {
  const says = (s) => {
    const { salt, before: { leaf, ...was }, ...facts } = parseJSON(s.facts), names = []
    const walk = (v) => {
      if (Array.isArray(v)) return v.map(walk)
      if (isObject(v)) return Object.fromEntries(Object.keys(v).sort().map((k) => [k, walk(v[k])]))
      if (typeof v !== 'string' || !isPlace(v)) return v
      const [log, index] = v.split(' ')
      const t = entryAt(record, log, number(index))
      names.push((t && anewOf(record, t)) ?? v)
      return '@'
    }
    const re = s.header.re.map((r) => { const t = named(record, r); return (t && anewOf(record, t)) ?? `${r.log} ${r.index} ${r.leaf}` })
    return JSON.stringify([s.header.class, s.header.mark, was.place, was.time, walk(facts), names, re])
  }
  return says(a) === says(b)
}

function isValid(record, s) {
  const h = s.header, kind = KINDS[h.kind]
  if (!kind || !h.facts || !s.facts) return false
  if (kind.class && kind.class !== h.class) return false
  if (kind.text === false && h.text) return false
  if (h.facts.length + (h.text?.length ?? 0) > (kind.bodies ?? Infinity)) return false
  const [least, most] = kind.re ?? [kind.of ? 1 : 0, 8]
  if (h.re.length < least || h.re.length > most) return false
  const about = { isParty: (name) => record.parties.some((p) => p.name === name) }
  if (kind.of) {
    about.beginning = meant(record, h.re[0])
    if (!about.beginning || !kind.of.includes(about.beginning.header?.kind) || !counts(record, about.beginning)) return false
  }
  try {
    s.read = readSalted(s.facts, /^(post|contact|request)\./.test(h.kind) ? { ...kind.facts, before } : kind.facts)
    const b = s.read.before
    if (b && (ofOther(s, { log: b.place }) || time(b.time) * 1e6 > h.time)) return false
    return Boolean(!kind.ok || kind.ok(s, s.read, about))
  } catch (e) {
    if (e instanceof NotValid) return false
    throw e
  }
}

// readSalted reads a body of some members.
const readSalted = (bytes, members) => object({ salt: hash, ...members })(parseJSON(bytes))

// readTerms reads the terms of a line (REC-909), and of them what a claim needs: the times of day of the checks and the officers' minutes.
const clause = text(400), seconds = orNone(integer(1, 604800))
const steps = object({ held: seconds, shown: seconds, acknowledged: seconds, responded: seconds })
const TERMS = {
  purpose: table(8, /^[a-z]{2,3}$/, clause), area: clause, subject: clause, hours: clause, languages: list(8, clause), access: clause,
  fallback: hash,
  policy: object({
    due: orNone(table(4, /^(FLASH|IMMEDIATE|PRIORITY|ROUTINE)$/, steps)), release: list(2, oneOf('suspend', 'press')), seal: orNone(object({ readout: orNone(integer(1, 720)) })), record: flag,
  }),
  schedule: object({ checks: list(24, string((v) => /^([01]\d|2[0-3]):[0-5]\d$/.test(v))), officer: integer(1, 240) }),
}
function readTerms(bytes) {
  valid(bytes.length <= 4096)
  const t = readSalted(bytes, TERMS), { checks } = t.schedule, purposes = Object.keys(t.purpose)
  valid(checks.length && checks.every((v, i) => i === 0 || v > checks[i - 1]))
  valid(new Set(t.policy.release).size === t.policy.release.length)
  valid(purposes.length && t.languages.length && purposes.every((k) => t.languages.includes(k)))
  return { checks: checks.map((v) => clockSeconds(`${v}:00`)), minutes: t.schedule.officer, hash: base64(sha(bytes)) }
}

// ---- The figures ----

class Unknown extends Error {}

// What each figure reads the facts of (CLM-006).
const READS = {
  tested: 'check.opened check.joined check.closed check.noted line.suspended line.maintenance line.left line.resumed terms.proposed terms.accepted',
  used: 'call.placed call.rang call.silent call.closed call.class call.noted',
  contacts: 'post.added contact.made contact.confirmed contact.disputed',
  requests: 'post.added request.placed request.tried request.outcome request.confirmed request.disputed request.withdrawn',
  telephone: 'check.noted',
}
for (const k of Object.keys(READS)) READS[k] = new Set(READS[k].split(' '))

// groupBy gives the lists of what has the same key, in the order in which the keys come.
function groupBy(items, key) {
  const groups = new Map()
  for (const x of items) {
    const k = key(x)
    if (!groups.has(k)) groups.set(k, [])
    groups.get(k).push(x)
  }
  return groups
}

// earliestOf is the first of a list in canonical order, or what is before the one taken so far (CLM-016, CLM-020).
const earliestOf = (past, list) => list.reduce((so, s) => (so && !past.before(s, so) ? so : s), undefined)

// Reading is the record as a claim's figures read it.
class Reading {
  constructor(record, genesis, terms, claim) {
    Object.assign(this, { record, genesis, terms, claim, past: new Past(record) })
    this.ours = claim.log.party.name
    this.parties = record.parties.map((p) => p.name).sort(compareBytes)
    this.since = time(claim.read.since)
    this.now = time(claim.read.at)
    const begins = record.statements.filter((s) => s.joined && s.header?.kind === 'line.genesis' && s.index === 0 && s.log.number === 1)
    const begin = Math.min(...begins.map((s) => Math.floor(s.header.time / 1e6)))
    this.from = begins.length ? Math.max(this.since, begin) : this.since
    // Of each log of the other side the last statement that is dated before the beginning.
    this.theirLast = record.order.filter((l) => l.party !== claim.log.party).map((l) => l.joined.findLast((s) => s.header && s.header.time < this.from * 1e6)).filter(Boolean)
    this.byKind = groupBy(record.statements.filter((s) => s.header && s !== claim), (s) => s.header.kind)
    // In canonical order, so that of what was stated anew twice the first counts; what begins an item goes first.
    for (const begins of [true, false]) for (const s of record.statements) if (begins === !KINDS[s.header?.kind]?.of) counts(record, s)
  }

  // of gives the statements of some kinds that count, in canonical order.
  of(...kinds) {
    return kinds.flatMap((k) => this.byKind.get(k) ?? []).filter((s) => counts(this.record, s)).sort((a, b) => a.id - b.id)
  }
  // whose is the side of a party, as the claimant sees it.
  whose(party) { return party === this.ours ? 'ours' : 'theirs' }

  // figure works a figure out. Facts that it reads and that are not there make it CANNOT BE KNOWN.
  figure(name) {
    for (const kind of READS[name]) {
      for (const s of this.byKind.get(kind) ?? []) if (s.header.facts && !s.facts && !inertByHeader(this.record, s)) throw new Unknown(`the facts of ${s.place}`)
    }
    return { tested, used, contacts, requests, telephone }[name](this)
  }
}

// agreedTerms is the chain of terms from those of the genesis on, each with the time from which it holds (CLM-017, TRM-004).
function agreedTerms(r) {
  const accepted = groupBy(r.of('terms.accepted'), (s) => meant(r.record, s.header.re[0]))
  // The newest statement of the proposing party that an acceptance had seen: of each of its logs the last (TRM-002).
  const told = (p, a) => Math.max(...r.record.order.filter((l) => l.party === p.log.party).map((l) => l.joined[r.past.knows(l)[a.id] - 1]?.header?.time ?? -1))
  const proposals = r.of('terms.proposed').filter((p) => {
    const from = time(p.read.from)
    const answers = (accepted.get(p) ?? []).filter((a) => told(p, a) < from * 1e6).map((a) => holdsAt(a) < from)
    if (from <= r.now && answers.includes(false)) throw new Unknown('a receipt that holds an acceptance of terms in time')
    return answers.includes(true)
  })
  const isA = (p) => p.log.party === r.record.parties[0]
  proposals.sort((a, b) => isA(b) - isA(a) || a.id - b.id)
  const chain = [{ ...r.terms, from: -Infinity }]
  for (;;) {
    const last = chain.at(-1)
    const i = proposals.findIndex((p) => p.read.replaces === last.hash && time(p.read.from) >= last.from)
    if (i < 0) return chain
    const [next] = proposals.splice(i, 1)
    chain.push({ ...next.read.read, from: time(next.read.from) })
  }
}

// Out of service (SVC-003, SVC-004), in microseconds; what it is called at a second, or nothing.
function outOfService(r) {
  const resumed = groupBy(r.of('line.resumed'), (s) => meant(r.record, s.header.re[0]))
  const spans = r.of('line.suspended', 'line.maintenance', 'line.left').map((s) => ({
    word: s.header.kind === 'line.maintenance' ? 'maintenance' : 'suspended',
    from: s.header.time,
    to: Math.min(s.read.until ? time(s.read.until) * 1e6 : Infinity, ...(resumed.get(s) ?? []).map((x) => x.header.time)),
  }))
  return (second) => {
    const held = spans.filter((x) => x.from <= second * 1e6 && second * 1e6 < x.to)
    return (held.find((x) => x.word === 'suspended') ?? held[0])?.word
  }
}

const WORSE = ['failed', 'declined', 'no-operator', 'passed']

// readSlot works out one slot from its statements (CLM-016).
function readSlot(r, statements, minutesAt) {
  const { by, id } = statements[0].read.slot
  const ends = r.parties.map((party) => {
    const own = statements.filter((s) => s.log.party.name === party)
    let closed
    for (const s of own.filter((x) => x.header.kind === 'check.closed')) {
      const worse = closed && WORSE.indexOf(s.read.outcome) < WORSE.indexOf(closed.read.outcome)
      if (!closed || r.past.before(closed, s) || (worse && !r.past.before(s, closed))) closed = s
    }
    return { party, opened: earliestOf(r.past, own.filter((x) => x.header.kind !== 'check.closed')), closed }
  })
  const scheduled = !Number.isNaN(time(id))
  let due = time(id)
  if (!scheduled) {
    const asked = ends.find((e) => e.party === by && e.opened) ?? ends.find((e) => e.opened || e.closed)
    due = time((asked.opened ?? asked.closed).read.at)
  }
  let outcome = 'pending'
  if (ends.every((e) => e.closed)) outcome = WORSE.find((o) => ends.some((e) => e.closed.read.outcome === o))
  ends.forEach((e, i) => {
    const asked = ends[1 - i].opened?.read.question
    if (outcome !== 'pending' && asked && e.closed.read.parts.some((p) => p.part === 'question' && p.answer !== '' && p.id !== asked)) outcome = 'failed'
  })
  const end = due + 2 * 60 * minutesAt(due) + 300, timely = (e) => time(e.closed.read.at) >= due - 60 && time(e.closed.read.at) <= end
  const closed = ends.filter((e) => e.closed)
  if ((outcome === 'passed' && !closed.every(timely)) || (outcome === 'pending' && r.now > end)) outcome = 'failed'
  return { name: `${by}#${id}`, scheduled, due, outcome, parties: new Set(statements.map((s) => s.log.party)).size, closings: closed.filter(timely).map((e) => time(e.closed.read.at)) }
}

function tested(r) {
  const { from, now } = r
  const chain = agreedTerms(r)
  const inForce = (t) => chain.findLast((x) => x.from <= t)
  const minutesAt = (t) => inForce(t).minutes
  // The scheduled times after `from`, to the end of the day of now.
  const times = [], today = Math.floor(now / DAY), midnight = (today + 1) * DAY
  chain.forEach((x, i) => {
    const begin = Math.max(x.from, from + 1), end = Math.min(chain[i + 1]?.from ?? Infinity, midnight)
    for (let day = Math.floor(begin / DAY); day * DAY < end; day++) for (const c of x.checks) if (day * DAY + c >= begin && day * DAY + c < end) times.push(day * DAY + c)
  })
  const past = times.filter((t) => t <= now)
  const slots = r.genesis.alone ? testSlots(r, times, past, minutesAt) : checkSlots(r, past, minutesAt)
  const out = outOfService(r)
  for (const x of slots) if (x.outcome !== 'passed') x.outcome = [x.due, ...x.closings].map(out).find(Boolean) ?? x.outcome
  return countDays(r, slots, times.length > past.length)
}

// testSlots are the tests of the ordinary telephone of a line alone, and the scheduled times for which none stands (CHK-032).
function testSlots(r, times, past, minutesAt) {
  const slots = notes(r).map((s) => ({ name: '', due: time(s.read.at), outcome: s.read.outcome === 'answered' ? 'passed' : 'not', closings: [] }))
  past.forEach((t, i) => {
    const next = times[i + 1] ?? t + DAY
    const stands = slots.some((x) => x.outcome !== 'missed' && x.outcome !== 'pending' && x.due >= t - 60 * minutesAt(t) && x.due < next - 60 * minutesAt(next))
    if (!stands) slots.push({ name: '', due: t, outcome: r.now > t + 60 * minutesAt(t) ? 'missed' : 'pending', closings: [] })
  })
  return slots
}

// notes are the tests of the ordinary telephone that count, by their time.
function notes(r) {
  return r.of('check.noted').filter((s) => time(s.read.at) >= r.from && time(s.read.at) <= r.now).sort((a, b) => time(a.read.at) - time(b.read.at))
}

// telephone counts them by what came of it, of each side by its own word.
function telephone(r) {
  const f = { from: spell(r.from), ours: {}, theirs: {}, last: '', gap_from: '', gap_to: '' }
  const all = notes(r), ours = all.filter((s) => r.whose(s.log.party.name) === 'ours').map((s) => ({ due: time(s.read.at), outcome: s.read.outcome }))
  for (const s of all) {
    const side = f[r.whose(s.log.party.name)]
    side[s.read.outcome] = (side[s.read.outcome] ?? 0) + 1
  }
  if (ours.length) longest(f, ours[0].due, ours.filter((x) => x.outcome === 'answered').map((x) => x.due), r.now)
  return f
}

function checkSlots(r, past, minutesAt) {
  const { from, now } = r
  const all = [...groupBy(r.of('check.opened', 'check.joined', 'check.closed'), (s) => `${s.read.slot.by}#${s.read.slot.id}`).values()].map((s) => readSlot(r, s, minutesAt))
  const named = groupBy(all.filter((x) => x.scheduled), (x) => x.due)
  const slots = all.filter((x) => !x.scheduled && x.due >= from && x.due <= now)
  for (const t of past) {
    const here = named.get(t)
    if (here) slots.push(here.sort((a, b) => b.parties - a.parties || compareBytes(a.name, b.name))[0])
    else slots.push({ name: '', due: t, outcome: now > t + 60 * minutesAt(t) ? 'missed' : 'pending', closings: [] })
  }
  return slots
}

// countDays goes through the slots by days (CLM-019); more: another scheduled time is still to come on the day of now.
function countDays(r, slots, more) {
  const { from, now } = r, today = Math.floor(now / DAY)
  slots.sort((a, b) => a.due - b.due || compareBytes(a.name, b.name))
  const f = { from: spell(from), days: 0, tested: 0, streak: 0, suspended: 0, maintenance: 0, last: '', gap_from: '', gap_to: '' }
  if (slots.length === 0) return f
  const days = groupBy(slots, (x) => Math.floor(x.due / DAY))
  for (let day = Math.floor(slots[0].due / DAY); day <= today; day++) {
    const own = days.get(day) ?? [], is = (o) => own.some((x) => x.outcome === o)
    if (is('passed')) {
      f.days++
      f.tested++
      f.streak++
      continue
    }
    if (is('pending') || (day === today && (own.length === 0 || more))) continue
    f.days++
    if (own.length && own.every((x) => x.outcome === 'suspended' || x.outcome === 'maintenance')) f[own.at(-1).outcome]++
    else f.streak = 0
  }
  longest(f, slots[0].due, slots.filter((x) => x.outcome === 'passed').map((x) => x.due), now)
  return f
}

// longest puts the last of some times into a figure, and the longest gap between them, from the first slot to now.
function longest(f, first, passed, now) {
  if (passed.length) f.last = spell(passed.at(-1))
  const marks = [first, ...passed, now]
  let gap = 0
  for (let i = 1; i < marks.length; i++) {
    if (marks[i] - marks[i - 1] <= gap) continue
    gap = marks[i] - marks[i - 1]
    f.gap_from = spell(marks[i - 1])
    f.gap_to = spell(marks[i])
  }
}

const CLASSES = ['test', 'service', 'substantive']
const higher = (list) => CLASSES.findLast((c) => list.includes(c))

// readCall works out one call (CLM-020): whether it was used for substance, when, and whether its class is disputed.
function readCall(r, statements) {
  const { opener } = statements[0].read
  const end = (own) => {
    const of = (kind) => own.filter((s) => s.header.kind === kind)
    const closed = own.filter((s) => s.header.kind === 'call.closed' || s.header.kind === 'call.noted'), last = r.past.newest([...closed, ...of('call.class')])
    const facts = (s) => (s?.header.kind === 'call.noted' ? { outcome: 'answered', became: '', cause: '', began: s.read.at } : s?.read)
    return {
      placed: earliestOf(r.past, of('call.placed')), rang: earliestOf(r.past, of('call.rang')), silent: of('call.silent')[0],
      closed: facts(r.past.newest(closed)[0]), class: higher(last.map((s) => s.header.class)),
    }
  }
  const caller = end(statements.filter((s) => s.log.party.name === opener)), called = end(statements.filter((s) => s.log.party.name !== opener))
  const [a, b] = [caller.closed, called.closed]
  let outcome = (a ?? b)?.outcome ?? (caller.silent || called.silent ? 'no-sound' : '')
  if (a && b) {
    const callers = a.outcome === 'crossed' || a.became !== '' || b.cause === 'near-node' || (a.outcome === 'no-sound' && b.outcome === 'answered')
    outcome = callers ? a.outcome : b.outcome
  }
  const isHeard = (o) => o === 'answered' || o === 'no-sound'
  let cls = 'substantive'
  if (caller.class && called.class) cls = higher([caller.class, called.class])
  else if (statements.some((s) => s.header.kind === 'call.noted')) cls = caller.class ?? called.class
  else if (Boolean(a) !== Boolean(b) && (!caller.placed || !called.rang) && !isHeard(outcome)) cls = caller.class ?? called.class
  const rings = [caller.placed, called.rang].filter(Boolean).map((s) => s.read.at).sort()
  const at = rings.at(-1) ?? a?.began ?? b?.began ?? caller.silent?.read.at ?? called.silent?.read.at
  const spoken = [outcome, a?.outcome, b?.outcome].some(isHeard), exercise = statements.every((s) => s.header.mark === 'exercise')
  return {
    used: spoken && cls === 'substantive' && !exercise, at: at && time(at),
    disputed: Boolean(caller.class && called.class && caller.class !== called.class),
  }
}

const MESSAGES = 'warning information intention question answer request incident'.split(' ').map((k) => `message.${k}`)

// readMessage gives a message its class: the higher of its own and of its receiver's newest word. By headers alone (CLM-020).
// What the claimant dates before the beginning counts at the beginning, unless the other side had seen it by then.
function readMessage(r, s, words) {
  const ofReceiver = (words ?? []).filter((w) => w.joined && w.log.party !== s.log.party && w.header.mark === s.header.mark)
  const word = higher(r.past.newest(ofReceiver).map((w) => w.header.class))
  let at = Math.floor(s.header.time / 1e6)
  if (at < r.from && s.log.party === r.claim.log.party && !r.theirLast.some((t) => r.past.before(s, t))) at = r.from
  return { used: higher([s.header.class, word]) === 'substantive' && s.header.mark === 'actual', disputed: Boolean(word) && word !== s.header.class, at }
}

function used(r) {
  const all = (...kinds) => kinds.flatMap((k) => r.byKind.get(k) ?? []).filter((s) => s.joined)
  const words = groupBy(all('message.classed'), (s) => s.header.re.length && meant(r.record, s.header.re[0]))
  const calls = groupBy(r.of('call.placed', 'call.rang', 'call.silent', 'call.closed', 'call.class', 'call.noted'), (s) => `${s.read.opener}#${s.read.call}`)
  const counted = (list) => list.filter((x) => x.used && x.at >= r.from)
  const f = [all(...MESSAGES).map((s) => readMessage(r, s, words.get(s))), all('stop.sent').map((s) => readMessage(r, s)), [...calls.values()].map((s) => readCall(r, s))].map(counted)
  const last = f.flat().reduce((t, x) => Math.max(t, x.at), -1)
  return {
    from: spell(r.from), messages: f[0].length, stops: f[1].length, calls: f[2].length, disputed: f.flat().filter((x) => x.disputed).length, last: last >= 0 ? spell(last) : '',
  }
}

// fold gives texts that differ by letter case alone the same form: Unicode simple case folding, by way of the capital.
function fold(s) {
  let out = ''
  for (const c of s) {
    const one = (x) => ([...x].length === 1 ? x : c)
    out += c === '\u0131' ? c : one(one(c.toUpperCase()).toLowerCase())
  }
  return out
}

// readOffices gives of each place of a post its office (CLM-021).
function readOffices(r) {
  const posts = r.of('post.added'), group = new Map(posts.map((p) => [p, { posts: [p], replaced: new Set() }]))
  for (const p of posts) {
    const old = p.header.re.length && meant(r.record, p.header.re[0])
    if (!old || old === p || !group.has(old) || old.log.party !== p.log.party) continue
    const [a, b] = [group.get(old), group.get(p)]
    a.replaced.add(old)
    if (a === b) continue
    for (const x of b.posts) { a.posts.push(x); group.set(x, a) }
    for (const x of b.replaced) a.replaced.add(x)
  }
  const again = groupBy((r.byKind.get('post.added') ?? []).filter((p) => p.first), (p) => p.first)
  const offices = [], officeAt = new Map(), byName = new Map(), pairs = []
  const index = (key, office) => { if (!byName.has(key)) byName.set(key, new Set()); byName.get(key).add(office) }
  for (const g of new Set(posts.map((p) => group.get(p)))) {
    const left = g.posts.filter((p) => !g.replaced.has(p)) // none where a leaf stated anew twice makes a ring
    const post = (left.length ? left : g.posts).sort((a, b) => a.id - b.id).at(-1)
    const f = post.read, party = f.of || post.log.party.name
    const key = (kind, name) => JSON.stringify([kind, party, fold(f.org), fold(name)])
    const names = [...new Set([f.name, ...Object.values(f.names)])]
    const may = [...(byName.get(key('any', f.name)) ?? []), ...names.flatMap((n) => [...(byName.get(key('first', n)) ?? [])])]
    let office = may.sort((a, b) => a.number - b.number)[0]
    if (!office) offices.push((office = { number: offices.length, party, post: undefined, keys: [] }))
    if (!office.post || (office.post.log.party.name !== party && post.log.party.name === party)) {
      for (const k of office.keys) byName.get(k).delete(office)
      office.post = post
      office.keys = [key('first', f.name), ...names.map((n) => key('any', n))]
      for (const k of office.keys) index(k, office)
    }
    for (const p of g.posts) for (const q of [p, ...(again.get(p) ?? [])]) officeAt.set(q.place, office)
    if (f.pair) pairs.push([party, office, f.pair])
  }
  return { officeAt, pairs }
}

// readAccounts says what is one contact (CLM-023). Each account that counts gets `words`: the other accounts that are the same contact.
function readAccounts(r, officeAt) {
  const accounts = r.of('contact.made'), replaced = new Set(), lastNamer = new Map(), sameAs = new Map()
  const party = (s) => s.log.party
  const names = (s) => { const t = s.header.re.length ? meant(r.record, s.header.re[0]) : undefined; return t?.header?.kind === 'contact.made' && t.counts ? t : undefined }
  for (const s of accounts) {
    const old = names(s)
    if (!old || old === s || party(old) !== party(s)) continue
    replaced.add(old)
    if (lastNamer.has(old)) replaced.add(lastNamer.get(old))
    lastNamer.set(old, s)
  }
  // A way from account to account ends where it would come back: a leaf stated anew twice can make a ring.
  const walk = (s, next) => {
    for (const been = new Set([s]); ; been.add(s)) {
      const t = next(s)
      if (!t || been.has(t)) return s
      s = t
    }
  }
  const follow = (map, s) => walk(s, (x) => map.get(x))
  const joined = new Set()
  const join = (s, to) => { sameAs.set(s, to); joined.add(to) }
  for (const s of accounts) {
    if (replaced.has(s)) continue
    let t = names(walk(s, (x) => (names(x) && party(names(x)) === party(s) ? names(x) : undefined)))
    if (!t || party(t) === party(s)) continue
    // To the last that names it; of one that a later one replaced, to the last that names what it names.
    t = walk(t, (x) => lastNamer.get(x) ?? (replaced.has(x) ? lastNamer.get(names(x)) : undefined))
    t = follow(sameAs, t)
    if (t !== s) join(s, t)
  }
  const left = accounts.filter((s) => {
    s.offices = new Set(s.read.participants.map((p) => officeAt.get(p.post)).filter(Boolean))
    return !replaced.has(s) && !sameAs.has(s) && !joined.has(s) && /^\d{4}-\d\d-\d\d(T.*)?$/.test(s.read.when) && s.offices.size >= 2
  })
  const alike = groupBy(left, (s) => [s.read.when.slice(0, 10), s.read.kind, s.header.mark, ...[...s.offices].map((o) => o.number).sort((a, b) => a - b)].join(' '))
  for (const [a, b, more] of alike.values()) if (b && !more && party(a) !== party(b)) join(b, a)
  const same = groupBy([...sameAs.keys()], (s) => follow(sameAs, s))
  return accounts.filter((s) => !replaced.has(s) && !sameAs.has(s)).map((s) => ({ account: s, others: same.get(s) ?? [] }))
}

function contacts(r) {
  const { officeAt, pairs } = readOffices(r)
  const table = new Map(), none = () => ({ both: 0, ours: 0, theirs: 0, disputed: 0 })
  const keyOf = (a, b) => `${a.number} ${b.number}`
  for (const [party, office, place] of pairs) {
    const other = officeAt.get(place)
    if (!other || !r.parties.includes(party) || !r.parties.includes(other.party) || other.party === party) continue
    const [ours, theirs] = party === r.ours ? [office, other] : [other, office]
    table.set(keyOf(ours, theirs), { ours, theirs, since: none(), straddles: 0 })
  }
  const said = groupBy(r.of('contact.confirmed', 'contact.disputed'), (s) => meant(r.record, s.header.re[0]))
  for (const { account, others } of readAccounts(r, officeAt)) {
    const when = dates(account.read.when)
    if (account.header.mark !== 'actual' || account.read.kind === 'public' || when.first > r.now) continue
    const theirs = others.filter((s) => s.log.party !== account.log.party)
    const newest = r.past.newest([...theirs, ...(said.get(account) ?? [])])
    const agrees = (s) => {
      if (s.header.kind !== 'contact.made') return s.header.kind === 'contact.confirmed'
      const d = dates(s.read.when)
      return s.read.kind === account.read.kind && d.first <= when.last && when.first <= d.last
    }
    // The author's own account is a yes; what he says of the other's accounts of it may be a no.
    const own = r.past.newest([account, ...theirs.flatMap((t) => said.get(t) ?? []).filter((s) => s.log.party === account.log.party)])
    let whose = newest.length === 0 ? r.whose(account.log.party.name) : newest.every(agrees) ? 'both' : 'disputed'
    if (own.some((s) => s.header.kind === 'contact.disputed')) whose = 'disputed'
    for (const a of account.offices) {
      for (const b of account.offices) {
        const pair = table.get(keyOf(a, b))
        if (!pair) continue
        if (when.first >= r.since) pair.since[whose]++
        else if (when.last >= r.since) pair.straddles++
        const last = pair.contact
        if (!last || (last.when.last - when.last || last.when.first - when.first || last.account.id - account.id) < 0) pair.contact = { account, when, whose }
      }
    }
  }
  return [...table.values()].sort((a, b) => a.ours.post.id - b.ours.post.id || a.theirs.post.id - b.theirs.post.id).map((p) => ({
    ours: p.ours.post.place, theirs: p.theirs.post.place, last: p.contact?.when.text ?? '', kind: p.contact?.account.read.kind ?? '', whose: p.contact?.whose ?? '',
    since: p.since, straddles: p.straddles,
  }))
}

// readAttempt works out what became of one attempt (CLM-026).
function readAttempt(r, placed, attempt, results, answers) {
  // The words of each party, in their canonical order: by the result, then the result before its answers.
  const byParty = r.parties.map((party) => {
    const words = []
    for (const result of results) {
      for (const s of [result, ...(answers.get(result) ?? []).filter((a) => meant(r.record, a.header.re[0]) === placed)]) {
        if (s.log.party.name === party) words.push({ s, outcome: s.header.kind === 'request.disputed' ? '' : result.read.outcome })
      }
    }
    const newest = new Set(r.past.newest(words.map((w) => w.s)))
    return words.filter((w) => newest.has(w.s))
  })
  const ofParty = (mine) => r.past.newest(results.filter((s) => (s.log.party === placed.log.party) === mine))[0]
  const result = ofParty(true) ?? ofParty(false)
  const a = { attempt, when: dates(attempt.read.when), outcome: '', whose: r.whose((result ?? attempt).log.party.name), disputed: false }
  if (!result) return a
  a.outcome = result.read.outcome
  const said = byParty.filter((words) => words.length)
  if (said.some((words) => words.some((w) => w.outcome !== words[0].outcome))) a.disputed = true
  else if (said.length === 2) {
    a.disputed = said[0][0].outcome !== said[1][0].outcome || said[0][0].outcome === ''
    if (!a.disputed) { a.outcome = said[0][0].outcome; a.whose = 'both' }
  }
  if (a.disputed) a.whose = 'disputed'
  return a
}

const CLOSED = ['accepted', 'declined', 'lapsed', 'no-reply', 'not-reached']

function requests(r) {
  const { officeAt } = readOffices(r)
  const f = { sought: 0, ours: Object.create(null), theirs: Object.create(null) }
  const about = (kind) => groupBy(r.of(kind), (s) => meant(r.record, s.header.re[0]))
  const [tried, outcomes, withdrawn] = ['request.tried', 'request.outcome', 'request.withdrawn'].map(about)
  const answers = groupBy(r.of('request.confirmed', 'request.disputed'), (s) => meant(r.record, s.header.re[1]))
  for (const placed of r.of('request.placed')) {
    if (placed.header.mark !== 'actual') continue
    const again = tried.get(placed) ?? []
    const results = groupBy(outcomes.get(placed) ?? [], (s) => (s.header.re[1] ? meant(r.record, s.header.re[1]) : placed))
    const attempts = [placed, ...again].map((attempt) => {
      return readAttempt(r, placed, attempt, results.get(attempt) ?? [], answers)
    })
    const isWithdrawn = r.past.newest(withdrawn.get(placed) ?? []).some((w) => !again.some((t) => r.past.before(w, t)))
    if (!isWithdrawn && (placed.read.standing || !CLOSED.includes(statusOf(r, attempts)))) f.sought++
    const office = officeAt.get(placed.read.from)
    const theirs = office ? r.parties.includes(office.party) && office.party !== r.ours : placed.log.party.name !== r.ours
    const side = f[theirs ? 'theirs' : 'ours']
    for (const a of attempts) {
      if (a.when.first > r.now || a.when.last < r.since) continue
      let column = a.outcome === 'lapsed' ? 'no-reply' : a.outcome || (isWithdrawn ? 'withdrawn' : 'open')
      if (a.when.first < r.since) column = 'straddles'
      side[column] ??= { both: 0, ours: 0, theirs: 0, disputed: 0 }
      side[column][a.whose]++
    }
  }
  return f
}

// statusOf is the status of a request, by its newest attempts (CLM-027).
function statusOf(r, attempts) {
  const knew = (a, b) => r.past.before(a.attempt, b.attempt)
  const older = (a, b) => (a.when.last < b.when.first ? true : b.when.last < a.when.first ? false : knew(a, b))
  let newest = attempts.filter((a) => !attempts.some((b) => b !== a && older(a, b)))
  if (newest.length === 0) newest = attempts.filter((a) => !attempts.some((b) => b !== a && knew(a, b)))
  if (newest.some((a) => a.disputed || a.outcome !== newest[0].outcome)) return 'differs'
  return newest[0].outcome || 'open'
}

// ---- Statements for the press (press.md) ----

// readOpinion reads the text of a claim (PRS-002).
function readOpinion(claim, missing) {
  if (!claim.header.text) return null
  if (!claim.text) {
    missing.push(`the text of ${claim.place}`)
    return null
  }
  try {
    return readSalted(claim.text, { lang: tag, text: text(2000), words: table(0, /^/, free) })
  } catch (e) {
    if (e instanceof NotValid) fault('the opinion is not in its form')
    throw e
  }
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const COLUMNS = { 'declined': 'declined', 'no-reply': 'no reply', 'not-reached': 'not reached', accepted: 'accepted', deferred: 'deferred', 'counter-proposed': 'counter-proposed', open: 'open', withdrawn: 'withdrawn', straddles: 'before or since, not known' }
const KINDS_OF_CONTACT = {
  call: 'a call', meeting: 'a meeting', summons: 'a summons', letter: 'a letter', demarche: 'a d\u00e9marche', protest: 'a protest', multilateral: 'a multilateral meeting',
}

// drawn is the name of a post in a sentence: what could look like its end is a point.
function drawn(name) {
  const isLetter = (c) => /^\p{L}$/u.test(c) && !/[\u02b0-\u02ff\u0374\u07f4\u07f5\ua78b\ua78c]/.test(c)
  let word = false // behind a letter and its marks
  return [...name].map((c, i, all) => {
    if (word && /^\p{M}$/u.test(c)) return c
    const inWord = word && /^['\u2019]$/.test(c) && isLetter(all[i + 1] ?? '')
    word = isLetter(c)
    return word || inWord || /^[\p{Nd} ,.-]$/u.test(c) ? c : '\u00b7'
  }).join('')
}

// sentences draws what a claim that holds says, in English (PRS-005).
function sentences(r) {
  const { claim, ours, record } = r, f = claim.read, out = []
  const theirs = r.parties.find((p) => p !== ours)
  const asOf = r.genesis.alone ? 'on this record of one side' : 'on this record, as of T'
  const date = (t) => { const d = new Date(t * 1000); return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}` }
  const moment = (t) => `${date(t)} at ${spell(t).slice(11, 16)} UTC`
  const day = (s) => date(time(s))
  const since = day(f.since)
  const total = (c) => c.both + c.ours + c.theirs + c.disputed
  const whose = { both: 'by the word of both', ours: `by the word of ${ours} alone`, theirs: `by the word of ${theirs} alone`, disputed: 'disputed' }
  const said = (c) => Object.keys(whose).filter((w) => c[w]).map((w) => `${c[w]} ${whose[w]}`)
  const post = (at, party) => {
    const cut = at.lastIndexOf(' '), s = entryAt(record, at.slice(0, cut), number(at.slice(cut + 1)))
    return `\u201c${drawn(s.read.name)}\u201d (${party})`
  }
  const when = (s) => {
    const { first, last } = dates(s)
    if (s[0] === '~') return `about ${date(first + 3 * DAY)}`
    if (s.includes('/')) return `between ${date(first)} and ${date(last)}`
    return `on ${s.length === 10 ? date(first) : moment(first)}`
  }
  if (f.tested) {
    const t = f.tested
    let s = `The line was tested on ${t.tested} of ${t.days} days since ${day(t.from)}. The last test that an officer at each end answered was that of ${t.last && moment(time(t.last))}.`
    if (t.tested === 0) s = `The line was tested on none of ${t.days} days since ${day(t.from)}, ${asOf}.`
    if (t.days === 0) s = `Since ${day(t.from)} no test of the line has come due and ended, ${asOf}.`
    if (r.genesis.alone) {
      s = `A person answered the ordinary telephone of ${theirs} on ${t.tested} of ${t.days} days since ${day(t.from)}. The last of these tests was that of ${t.last && moment(time(t.last))}.`
      if (t.tested === 0) s = `Nobody answered the ordinary telephone of ${theirs} in person on ${t.days} days since ${day(t.from)}, ${asOf}.`
      if (t.days === 0) s = `Since ${day(t.from)} no test of the ordinary telephone of ${theirs} has come due and ended, ${asOf}.`
    }
    if (t.days && t.suspended + t.maintenance) s += ` On ${t.suspended} of these days the line was suspended, on ${t.maintenance} under maintenance.`
    out.push(s)
  }
  if (f.used) {
    const u = f.used
    let s = `Since ${day(u.from)} the line was never used for substance, ${asOf}.`
    if (u.messages + u.stops + u.calls) s = `Since ${day(u.from)} the line was used for substance: messages ${u.messages}, STOPs ${u.stops}, calls ${u.calls}; the last was on ${day(u.last)}.`
    if (u.messages + u.stops + u.calls && u.disputed) s += ` Of these the two sides class ${u.disputed} differently.`
    out.push(s)
  }
  for (const c of f.contacts ?? []) {
    if (f.press.with.length && !f.press.with.includes(c.ours) && !f.press.with.includes(c.theirs)) continue
    const [a, b] = [post(c.ours, ours), post(c.theirs, theirs)]
    if (!c.last) {
      out.push(`Between ${a} and ${b} there was no contact, ${asOf}.`)
      continue
    }
    const list = said(c.since)
    if (c.straddles) list.push(`${c.straddles} of which it is not known whether they were before or since`)
    out.push(`The last contact between ${a} and ${b} was ${KINDS_OF_CONTACT[c.kind]}, ${when(c.last)}, ${whose[c.whose]}. ` + (list.length ? `Since ${since}: ${list.join(', ')}.` : `Since ${since} there was none, ${asOf}.`))
  }
  if (f.requests) {
    for (const [party, columns] of [[ours, f.requests.ours], [theirs, f.requests.theirs]]) {
      const list = Object.keys(COLUMNS).map((c, i) => {
        const n = columns[c] ? total(columns[c]) : 0
        return n ? `${COLUMNS[c]} ${n} (${said(columns[c]).join(', ')})` : i < 3 && `${COLUMNS[c]} 0`
      })
      if (Object.keys(columns).length) out.push(`Of the calls and meetings that ${party} sought since ${since}: ${list.filter(Boolean).join('; ')}.`)
      else out.push(`Since ${since} ${party} sought no call or meeting, ${asOf}.`)
    }
    out.push(f.requests.sought ? `Still sought: ${f.requests.sought}.` : `Nothing is still sought, ${asOf}.`)
  }
  if (f.telephone) {
    const p = f.telephone, before = out.length
    for (const [party, n] of [[ours, p.ours], [theirs, p.theirs]]) {
      const of = (...outcomes) => outcomes.reduce((sum, o) => sum + (n[o] ?? 0), 0)
      if (Object.keys(n).length === 0) continue
      let s = `Since ${day(p.from)} ${party} tested the ordinary telephone: answered by a person ${of('answered')}; no reply ${of('unproven', 'no-answer')}; declined ${of('declined')}; not reached ${of('busy', 'no-number', 'no-tone', 'dead')}.`
      if (party === ours && p.last) s += ` The last test that a person answered was that of ${moment(time(p.last))}.`
      out.push(s)
    }
    if (out.length === before) out.push(`Since ${day(p.from)} no test of the ordinary telephone was made, ${asOf}.`)
  }
  return out
}

// ---- The report (CLM-029) ----

// shown spells a figure as the statement does: what is empty of these members is left out.
function shown(name, f) {
  const leave = { tested: ['last', 'gap_from', 'gap_to'], used: ['last'], contacts: ['last', 'kind', 'whose'], requests: [], telephone: ['last', 'gap_from', 'gap_to'] }[name]
  const sorted = (v) => Object.fromEntries(Object.keys(v).sort(compareBytes).map((k) => [k, v[k]]))
  return JSON.stringify(f, (k, v) => (v === '' && leave.includes(k) ? undefined : (k === 'ours' || k === 'theirs') && isObject(v) ? sorted(v) : v))
}

// verify gives the verdict, the lines of CLM-029 and the reasons.
export function verify(bytes) {
  const lines = [], why = [], missing = []
  const answer = (verdict) => ({ verdict, lines: [`verdict ${verdict}`, ...lines], why })
  try {
    const file = readFile(bytes)
    const genesis = readGenesis(file.genesis)
    need(file.terms.length === genesis.length && base64(sha(file.terms)) === genesis.hash, 'the terms are not those of the genesis')
    let terms
    try { terms = readTerms(file.terms) } catch (e) { if (e instanceof NotValid) fault('the terms are not in their form'); throw e }
    const parties = readParties(genesis, file.sheets)
    const record = readRecord(file, genesis, parties, missing)

    const named = /^(\S+) (\d+) (\S{44})$/.exec(file.claim.toString('latin1'))
    need(named && isPlace(`${named[1]} ${named[2]}`), 'the piece "claim" is not in its form')
    const claim = entryAt(record, named[1], number(named[2]))
    need(claim?.leaf === named[3], 'the statement of the claim is not there')
    need(claim.joined && claim.header?.kind === 'claim.made' && counts(record, claim), 'the statement of the claim is not valid, or is not a claim')
    const figures = Object.keys(FIGURES).filter((name) => claim.read[name] !== undefined)
    for (const s of record.statements) {
      const may = s === claim || figures.some((name) => READS[name].has(s.header?.kind))
      need(!s.facts || may, `the facts of ${s.place} are read by no figure of this claim`)
      need(!s.text || s === claim, `the text of ${s.place} is not the claim's`)
    }
    const opinion = readOpinion(claim, missing)
    checkRecord(record, claim, missing)
    if (missing.length) {
      why.push(...missing.slice(0, 20).map((m) => `not there: ${m}`))
      return answer(UNKNOWN)
    }
    return report(new Reading(record, genesis, terms, claim), figures, opinion, lines, why, answer)
  } catch (e) {
    if (!(e instanceof Fault)) throw e
    why.push(e.message)
    lines.length = 0
    return answer(NOT)
  }
}

function report(r, figures, opinion, lines, why, answer) {
  const { record, claim, past } = r
  lines.push(`line ${r.genesis.name}`, `claim ${claim.place} ${spellMicro(claim.header.time)}`, `since ${claim.read.since} at ${claim.read.at}`)
  const mine = record.statements.filter((s) => s.log.party === claim.log.party)
  const theirs = record.statements.filter((s) => s.log.party !== claim.log.party && s.header)
  const known = theirs.reduce((a, b) => (a && a.header.time > b.header.time ? a : b), undefined)
  if (known) lines.push(`known ${known.place} ${spellMicro(known.header.time)}`)
  const after = mine.filter((s) => !known || !past.before(s, known)).length
  let receipted = 0
  for (const log of record.order) if (log.party === claim.log.party) receipted += log.receipts.reduce((n, x) => Math.max(n, x.all), 0)
  lines.push(`ours ${mine.length} after ${after} receipted ${receipted}`)
  for (const p of r.parties) {
    const numbers = [...new Set(record.order.filter((l) => l.party.name === p).map((l) => l.number))]
    numbers.forEach((n, i) => { if (i && n > numbers[i - 1] + 1) lines.push(`holes ${p} ${numbers[i - 1] + 1}-${n - 1}`) })
  }
  const verdicts = figures.map((name) => {
    try {
      const is = shown(name, r.figure(name)), says = shown(name, claim.read[name])
      if (is !== says) why.push(`${name}: the statement says ${printable(says)}`)
      lines.push(`figure ${name} ${is === says ? HOLDS : NOT} ${is}`)
      return is === says ? HOLDS : NOT
    } catch (e) {
      if (!(e instanceof Unknown)) throw e
      why.push(`${name}: not there: ${e.message}`)
      lines.push(`figure ${name} ${UNKNOWN}`)
      return UNKNOWN
    }
  })
  if (claim.read.press && verdicts.every((v) => v === HOLDS)) {
    lines.push(`press ${claim.read.press.by.officer} released ${claim.read.by.officer}`, ...sentences(r).map((s) => `sentence ${s}`))
    if (opinion) lines.push(`opinion ${opinion.lang} ${opinion.text}`)
  }
  if (r.genesis.alone) why.push('on the word of one side')
  why.push('not checked: private logs; whether both parties forged this together; whose keys these are; what the other side stated after T')
  if (known && known.header.time > claim.header.time + 600e6) why.push('their clock is ahead of the claim by over 10 minutes')
  return answer([NOT, UNKNOWN, HOLDS].find((v) => verdicts.includes(v)))
}

function main(args) {
  if (args.length !== 1 || args[0].startsWith('-')) {
    console.error('error: one file is asked for\nhint: node spec/verify-claim.mjs FILE')
    return 64
  }
  let bytes
  try {
    bytes = fs.readFileSync(args[0])
  } catch (e) {
    console.error(`error: the file cannot be read: ${printable(e.code)}\nhint: name a file that "parley claim" wrote, of at most 2 GiB`)
    return 66
  }
  const { verdict, lines, why } = verify(bytes)
  console.log(lines.join('\n'))
  for (const w of why) console.error(printable(w))
  return { [HOLDS]: 0, [NOT]: 1, [UNKNOWN]: 2 }[verdict]
}

export { KINDS, KNOWN }

// Run as a program; imported, it is what it exports.
if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
