// SPDX-License-Identifier: Apache-2.0
// The sound of a desk: its connection to the node (spec/voice.md) and what it sounds. The page's script uses
// window.Sound and nothing else; what a timer decides here the heartbeat decides too, since browsers slow the timers of hidden tabs down.
'use strict';
window.Sound = (() => {
  const rate = 48000, harmonics = [1, 0.6, 0.4, 0.3, 0.2]; // five partials: a pure sine is hard to place in a room
  let ctx, starting, pc, senders = {}, joining = false, deaf = false, got = 0, gotAt = 0, ask, mic, ear, drop, bell, belfry, idle, trial, voice, voiceOut, heard, own, why = 'sound not turned on';
  let chosen = 'microphone', muted = false, inCall = false, codec = 'opus', retry;
  const loops = {}, wanted = {}, far = [], players = [0, 1, 2, 3].map(() => new Audio()), ringer = new Audio(); // one a speaker
  const kept = name => localStorage.getItem('sound.' + name) || ''; // what was chosen at this machine: mic speaker ringer volume

  // ---- what the desk sounds ---------------------------------------------------------------------
  // A signal is a buffer with notes [start, length, Hz, Hz at its end]; played in a loop it repeats exactly.
  // Fundamentals 400–900 Hz. In its first half second each is alone: ring warbles, a priority ring falls in three quick tones, high beats three times,
  // alarm falls slowly, stale is low and level, connected rises, ended falls in steps.
  const warble = [...Array(10)].map((_, i) => [i * 0.055, 0.05, i % 2 ? 587 : 440]);
  const high = [0, 0.14, 0.28, 0.56, 0.7].map(t => [t, 0.1, 880]);
  const signals = {
    ring: [1, warble], priority: [1, [0, 0.5].flatMap(t => [[t, 0.09, 880], [t + 0.1, 0.09, 660], [t + 0.2, 0.14, 500]])], high: [1, high], alarm: [15, [0, 1, 2].map(t => [t, 0.6, 620, 430])], stale: [10, [[0, 0.6, 400]]],
    connected: [0.6, [[0, 0.16, 440], [0.17, 0.16, 554], [0.34, 0.22, 740]]], ended: [0.6, [[0, 0.16, 740], [0.17, 0.16, 554], [0.34, 0.22, 440]]],
    recorded: [0.8, [[0, 0.2, 700], [0.25, 0.4, 700]]], // this call is recorded: after connected
    mute: [0.2, [[0, 0.15, 420]]], unmute: [0.2, [[0, 0.15, 640]]],
  };
  function clip([seconds, notes]) {
    const b = ctx.createBuffer(1, seconds * rate, rate), d = b.getChannelData(0), full = harmonics.reduce((a, h) => a + h);
    for (const [start, length, from, to = from] of notes) {
      for (let i = 0, n = Math.floor(length * rate), phase = 0; i < n; i++) {
        phase += 2 * Math.PI * (from + (to - from) * i / n) / rate;
        const edge = Math.min(1, i / 400, (n - i) / 400); // 8 ms: no clicks
        d[Math.floor(start * rate) + i] += 0.5 * edge * harmonics.reduce((a, h, k) => a + h * Math.sin((k + 1) * phase), 0) / full;
      }
    }
    return b;
  }
  function play(name, loop) {
    const s = ctx.createBufferSource();
    s.buffer = signals[name].buffer || (signals[name].buffer = clip(signals[name]));
    s.loop = loop;
    s.connect(bell); s.start();
    return s;
  }
  const once = name => { if (ctx) play(name, false); };
  // repeat starts or stops a signal; one that was asked for before the sound is on begins when it is.
  function repeat(name, on) {
    wanted[name] = !!on;
    if (on && ctx && !loops[name]) loops[name] = play(name, true);
    if (!on && loops[name]) { loops[name].stop(); delete loops[name]; }
  }

  // ---- what the desk says -----------------------------------------------------------------------
  // The test voice is five vowels: a buzz at a falling pitch through three resonances. Its pitch is the host's, so that
  // two desks on one machine are told apart.
  function testVoice() {
    const vowels = [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]];
    const b = ctx.createBuffer(1, 3 * rate, rate), d = b.getChannelData(0), n = Math.floor(0.42 * rate);
    const pitch = 100 + 14 * ([...location.host].reduce((a, c) => a + c.charCodeAt(0), 0) % 8);
    vowels.forEach((formants, v) => {
      const state = formants.map(() => [0, 0]);
      for (let i = 0, phase = 0; i < n; i++) {
        phase += pitch * (1.15 - 0.06 * v - 0.1 * i / n) / rate;
        let x = 0;
        if (phase >= 1) { phase -= 1; x = 1; }
        const sum = formants.reduce((a, f, k) => { // a resonance of 80 Hz breadth, the higher the fainter
          const r = Math.exp(-Math.PI * 80 / rate), y = x + 2 * r * Math.cos(2 * Math.PI * f / rate) * state[k][0] - r * r * state[k][1];
          state[k] = [y, state[k][0]];
          return a + y * Math.sin(2 * Math.PI * f / rate) / (k + 1);
        }, 0);
        d[v * Math.floor(0.47 * rate) + i] = sum * Math.min(1, i / 2400, (n - i) / 4800);
      }
    });
    const peak = d.reduce((a, x) => Math.max(a, Math.abs(x)), 0);
    d.forEach((x, i) => { d[i] = 0.5 * x / peak; });
    return b;
  }
  // openMicrophone: a headset is taken as it is; a loudspeaker's echo must be taken out, which costs pure tones and music.
  // What cleans noise and level for the ear stays off: it takes a test tone for noise. One that was chosen and is away is
  // replaced by the usual one, and taken again when it is back. One try at a time: devices come and go in bursts.
  let opening = Promise.resolve();
  const openMicrophone = () => opening = opening.then(takeMicrophone, takeMicrophone);
  async function takeMicrophone() {
    const present = async () => (await navigator.mediaDevices.enumerateDevices().catch(() => [])).some(d => d.kind === 'audioinput' && d.deviceId === kept('mic'));
    const id = kept('mic') && await present() ? kept('mic') : '', taken = chosen + ' ' + id;
    if (mic && mic.readyState === 'live' && mic.taken === taken) return;
    for (const t of [mic, ear]) if (t) t.stop();
    const audio = { deviceId: id ? { exact: id } : undefined, echoCancellation: chosen !== 'headset', noiseSuppression: false, autoGainControl: false };
    try {
      const s = await navigator.mediaDevices.getUserMedia({ audio });
      mic = Object.assign(s.getAudioTracks()[0], { taken });
      mic.onended = () => { why = 'microphone lost'; track(); };
      why = '';
      ctx.createMediaStreamSource(s).connect(own);
      ear = mic.clone(); // of what is not sent the level is shown all the same, and it can be tried
      ctx.createMediaStreamSource(new MediaStream([ear])).connect(idle);
      if (kept('mic') && !id && await present()) await takeMicrophone(); // a browser names its devices once one was allowed
    } catch (e) { why = e.name === 'NotFoundError' ? 'no microphone' : 'microphone refused'; }
  }
  // track puts the chosen source on the wire. Outside a call, muted or without a microphone it is silence, which is sent
  // like sound: the node must see packets to know that this desk lives, and all of one size.
  function track() {
    if (!ctx) return;
    const live = mic && mic.readyState === 'live', speak = inCall && !muted;
    const test = chosen === 'test-voice', t = live && !test ? mic : voiceOut.stream.getAudioTracks()[0];
    if (live) mic.enabled = speak && !test;
    voice.gain.value = speak && test ? 1 : 0;
    for (const c in senders) {
      const now = c === codec ? t : null;
      if (senders[c].track !== now) senders[c].replaceTrack(now);
    }
  }
  async function source(name) { // microphone, headset or test-voice
    chosen = name;
    if (ctx && name !== 'test-voice') await openMicrophone();
    if (ctx && name === 'test-voice' && /microphone/.test(why)) why = '';
    track();
  }
  // on is called from a press: without one a browser lets no page sound. A desk without a microphone hears and rings.
  // A start may be slow, and without a sound device Firefox never ends it: after a while the desk says so, and goes on
  // where it started after all (late).
  async function on(late) {
    if (ctx && ctx.state !== 'running') await Promise.race([ctx.resume().catch(() => {}), new Promise(ok => setTimeout(ok, 1000))]); // the machine slept, or took its sound away
    if (!ctx) {
      const c = starting ||= new AudioContext({ sampleRate: rate, latencyHint: 'interactive' });
      why = 'sound not turned on';
      const pressed = !navigator.userActivation || navigator.userActivation.hasBeenActive;
      await Promise.race([c.resume(), new Promise(ok => setTimeout(ok, pressed ? 4000 : 500))]);
      if (c.state !== 'running') {
        why = pressed ? 'no sound: the browser starts none' : why;
        c.onstatechange = () => { if (c.state === 'running' && !ctx) late(); };
        throw new Error(why);
      }
      if (ctx) return;
      ctx = c;
      [own, heard, idle] = [0, 0, 0].map(() => Object.assign(ctx.createAnalyser(), { fftSize: 2048 }));
      bell = ctx.createGain();
      belfry = ctx.createMediaStreamDestination();
      trial = ctx.createDelay(2);
      trial.delayTime.value = 1.5;
      voiceOut = ctx.createMediaStreamDestination(); // with something running into it, else nothing is sent
      voice = ctx.createGain();
      voice.connect(voiceOut); voice.connect(own);
      const s = Object.assign(ctx.createBufferSource(), { buffer: testVoice(), loop: true });
      s.connect(voice); s.start(); // all of it at once: from here on this desk can be told to connect
      await route();
      why = '';
      navigator.mediaDevices.ondevicechange = () => { source(chosen); route(); dispatchEvent(new Event('devices')); }; // a headset plugged in again
      Object.keys(wanted).forEach(n => repeat(n, wanted[n]));
      for (const n of ['ring', 'priority', 'high']) signals[n].buffer ||= clip(signals[n]); // made before it is wanted: it sounds at once
    }
    await source(chosen);
    await route(); // a browser names its devices once the microphone was allowed
  }

  // route sends what sounds to the devices that were chosen: the voice to the loudspeaker, ring and alarms to their own, at
  // their own volume, which is never under 30 %. Where a browser lets a page choose for an element alone, the ring goes through one.
  // A device that was chosen and is away is replaced by the usual one, which the page says, until it is back: an element that
  // has a device keeps its id when it is pulled out, so it is looked for first.
  let routing = Promise.resolve();
  const route = () => routing = routing.then(sendTo, sendTo);
  async function sendTo() {
    if (!ctx) return;
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []), away = new Set();
    const named = all.some(d => d.kind === 'audiooutput' && d.deviceId); // else the browser does not say which there are
    const to = async (e, name) => {
      const id = kept(name);
      if (id && e.setSinkId && all.some(d => d.kind === 'audiooutput' && d.deviceId === id) && await e.setSinkId(id).then(() => true, () => false)) return true;
      if (id && named) away.add(name);
      if (e.setSinkId) await e.setSinkId('').catch(() => {});
      return false;
    };
    const apart = await to(ringer, 'ringer');
    bell.gain.value = Math.max(30, Math.min(100, +(kept('volume') || 100))) / 100;
    bell.disconnect();
    if (apart) {
      bell.connect(belfry);
      if (ringer.srcObject !== belfry.stream) ringer.srcObject = belfry.stream;
      await ringer.play().catch(() => { bell.disconnect(); bell.connect(ctx.destination); });
    } else { ringer.pause(); bell.connect(ctx.destination); }
    await Promise.all(players.map(p => to(p, 'speaker')));
    document.body.dataset.gone = [...away].join(' ');
  }
  // test plays the ring for two seconds, or for five what the microphone hears, a moment later, from the loudspeaker.
  async function test(what) {
    if (!ctx) return;
    if (what === 'ring') { const s = play('ring', true); setTimeout(() => s.stop(), 2000); return; }
    const out = ctx.createMediaStreamDestination(), a = new Audio();
    idle.connect(trial); // only now: a meter that leads nowhere runs by itself
    trial.connect(out);
    a.srcObject = out.stream;
    if (a.setSinkId && kept('speaker')) await a.setSinkId(kept('speaker')).catch(() => {});
    a.play().catch(() => {});
    setTimeout(() => { a.pause(); trial.disconnect(); idle.disconnect(); }, 5000);
  }
  async function choose(name, value) {
    localStorage.setItem('sound.' + name, value);
    await route();
    if (name === 'mic' && ctx) await source(chosen);
  }

  // ---- the connection to the node ---------------------------------------------------------------
  // connect makes one connection with one track to the node and one for each of four speakers from it; send takes the offer and promises the answer. The node ignores
  // our candidates, so the first one is proof enough that there is a network.
  async function connect(send) {
    if (!ctx) throw new Error(why);
    close();
    ask = send;
    const p = pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    // What a connection that was closed meanwhile was asked never answers: neither that nor an answer that does not come
    // holds up the next try.
    const gone = new Promise((_, no) => { drop = () => no(new Error('no connection to the node')); setTimeout(drop, 25000); });
    joining = true;
    try { await Promise.race([join(p), gone]); } catch (e) {
      p.close();
      if (pc === p) { close(); why = e.message; }
      throw e;
    } finally { joining = joining && pc !== p && !!pc; }
    why = /microphone/.test(why) ? why : '';
    deaf = false; got = 0; gotAt = Date.now();
    // The node hung up: another page has this desk's sound. Else the way to it is gone: try again until it is there.
    const way = senders.opus.transport;
    way.onstatechange = () => { if (pc === p && way.state === 'closed') end(); };
    p.onconnectionstatechange = () => { if (pc === p && /disconnected|failed/.test(p.connectionState)) again(); };
  }
  async function join(p) {
    // Two of the four speak: Opus on the first, and on the second, in a call with a telephone, its codec. Chromium can change
    // the codec of one that speaks, but not back to an Opus of constant bit rate.
    const speaks = players.map((_, i) => p.addTransceiver('audio', { direction: i < 2 ? 'sendrecv' : 'recvonly' }).sender);
    senders = { opus: speaks[0], pcmu: speaks[1] };
    track();
    p.ontrack = e => {
      // A remote track is silent in WebAudio unless an element plays it too.
      const i = p.getTransceivers().indexOf(e.transceiver), player = players[i];
      player.srcObject = new MediaStream([e.track]);
      player.play().catch(() => {});
      if (far[i]) far[i].disconnect();
      far[i] = ctx.createMediaStreamSource(player.srcObject);
      far[i].connect(heard);
    };
    const net = new Promise(ok => { p.onicecandidate = e => ok(!!e.candidate); });
    await p.setLocalDescription();
    if (!await net) throw new Error('no network interface');
    await p.setRemoteDescription({ type: 'answer', sdp: await ask(p.localDescription.sdp) });
    await new Promise((ok, no) => {
      const look = () => p.connectionState === 'connected' ? ok() : p.connectionState === 'failed' && no(new Error('no connection to the node'));
      p.onconnectionstatechange = look; look();
    });
  }
  const connected = () => !!pc && pc.connectionState === 'connected';
  // listen looks whether packets come: the node returns silence where nothing else is to be heard. Where none comes for one and a half
  // seconds this desk hears nothing, or is not heard, and a new connection is tried: the old one finds no other way by itself.
  async function listen() {
    const p = pc;
    if (joining || !connected()) return;
    let n = 0;
    const stats = await p.getStats().catch(() => null);
    if (pc !== p || !stats) return;
    stats.forEach(s => { if (s.type === 'inbound-rtp') n += s.packetsReceived; });
    if (n !== got) { got = n; gotAt = Date.now(); return; }
    if (Date.now() - gotAt < (got ? 1500 : 5000)) return; // a new one on a busy machine begins late
    deaf = true;
    connect(ask).catch(again);
  }
  function again() { clearTimeout(retry); retry = setTimeout(() => connected() || connect(ask).catch(again), 1000); }
  function end() { close(); deaf = false; }
  function close() { clearTimeout(retry); if (drop) drop(); if (pc) { const p = pc; pc = null; senders = {}; p.close(); } }

  // level is 0 … 6 of what an analyser hears now: -58 dB … -10 dB.
  function level(a) {
    const d = new Float32Array(a.fftSize);
    a.getFloatTimeDomainData(d);
    const db = 10 * Math.log10(d.reduce((s, x) => s + x * x, 0) / d.length + 1e-12);
    return Math.max(0, Math.min(6, (db + 58) / 8));
  }
  // call begins what we hear, and say if we speak, in a codec, or ends it.
  // Where it is recorded, the page says so after that. SPEC: RCD-009
  function call(up, name, speaks, recorded) {
    inCall = up && speaks !== false; codec = name || 'opus'; track(); once(up ? 'connected' : 'ended');
    if (up && recorded) setTimeout(() => once('recorded'), 700);
  }
  setInterval(listen, 500);
  players.forEach((p, i) => { p.id = 'sound-remote' + (i || ''); p.hidden = true; document.body.append(p); });
  const running = () => !!ctx && ctx.state === 'running';
  return {
    on, source, connect, listen, close: end, test, choose, kept, sinks: !!ringer.setSinkId,
    state: () => ({
      ok: !why && !deaf && running(), why: deaf ? 'cannot hear' : why || (ctx && !running() ? 'sound not turned on' : ''), muted, audio: running(), mic: !!mic && mic.readyState === 'live',
      connected: connected(), joining, out: ctx ? level(own) : -1, in: ctx && far[0] ? level(heard) : -1, idle: ctx && ear ? level(idle) : -1,
    }),
    mute: m => { muted = !!m; track(); once(muted ? 'mute' : 'unmute'); },
    ring: x => repeat('ring', x), priority: x => repeat('priority', x), alarmHigh: x => repeat('high', x), alarm: (x = true) => repeat('alarm', x), stale: x => repeat('stale', x),
    connected: (codec, speaks, recorded) => call(true, codec, speaks, recorded), ended: () => call(false), recorded: () => once('recorded'),
  };
})();
