// Phones of a page: each has an account (sip.js), the browser's own WebRTC for its sound, and the microphone that all of
// them share. Orders come from the test by /next, what happens goes to it by /tell, what is heard by /sound.
'use strict';

const phones = {};
let sending = Promise.resolve();
const post = (path, body) => sending = sending.then(() => fetch(path, { method: 'POST', body })).catch(() => {}); // in order
const tell = (phone, event, text = '') => post('/tell', JSON.stringify({ phone, event, text: String(text) }));

class Phone {
  constructor({ phone, url, user, password, codec }) {
    Object.assign(this, { id: phone, codec });
    this.agent = new Agent(url, user, password);
    this.agent.oncall = dialog => {
      this.dialog = dialog;
      dialog.onbye = () => this.over();
      tell(this.id, 'incoming', dialog.remote);
    };
  }

  async register() {
    await this.agent.open();
    await this.agent.register();
    tell(this.id, 'registered');
  }

  // connect makes the browser's side of a call: one line of sound, in one codec.
  connect() {
    this.peer = new RTCPeerConnection();
    this.peer.ontrack = e => this.listen(e.streams[0] || new MediaStream([e.track]));
    this.peer.onconnectionstatechange = () => tell(this.id, 'connection', this.peer.connectionState);
  }

  // prefer leaves the phone's codec and its keys of what the browser could speak.
  prefer() {
    const all = RTCRtpReceiver.getCapabilities('audio').codecs;
    const ours = all.filter(c => c.mimeType.toLowerCase() === 'audio/' + this.codec || c.mimeType === 'audio/telephone-event');
    for (const t of this.peer.getTransceivers()) t.setCodecPreferences(ours);
  }

  // describe takes our description and waits until it names every address.
  async describe(make) {
    await this.peer.setLocalDescription(await make());
    if (this.peer.iceGatheringState !== 'complete') {
      await new Promise(done => { this.peer.onicegatheringstatechange = () => this.peer.iceGatheringState === 'complete' && done(); });
    }
    return this.peer.localDescription.sdp;
  }

  async dial({ number }) {
    this.connect();
    (await microphone()).getTracks().forEach(t => this.peer.addTrack(t));
    this.prefer();
    const offer = await this.describe(() => this.peer.createOffer());
    const d = this.dialog = this.agent.begin(`sip:${number}@${this.agent.domain}`);
    d.onbye = () => this.over();
    const answer = await this.agent.request(d, 'INVITE', [], offer, () => tell(this.id, 'ringing'));
    if (answer.status !== 200) return tell(this.id, 'refused', answer.first);
    this.agent.confirm(d, answer);
    d.answered = true;
    await this.peer.setRemoteDescription({ type: 'answer', sdp: answer.body });
    tell(this.id, 'established');
  }

  async answer() {
    const d = this.dialog;
    this.connect();
    await this.peer.setRemoteDescription({ type: 'offer', sdp: d.invite.body });
    (await microphone()).getTracks().forEach(t => this.peer.addTrack(t));
    this.prefer();
    const answer = await this.describe(() => this.peer.createAnswer());
    d.onack = () => tell(this.id, 'established');
    d.answered = true;
    this.agent.reply(d.invite, 200, d.local, answer);
  }

  async hangup() {
    await this.agent.request(this.dialog, 'BYE');
    this.over();
  }

  press({ keys }) {
    this.peer.getSenders()[0].dtmf.insertDTMF(keys, 120, 80);
  }

  // secured tells how the sound is encrypted and which codec it has, by the browser's own statistics.
  async secured() {
    const stats = [...(await this.peer.getStats()).values()];
    const transport = stats.find(s => s.type === 'transport') || {};
    const sound = stats.find(s => s.type === 'inbound-rtp') || {};
    const codec = stats.find(s => s.id === sound.codecId) || {};
    tell(this.id, 'secured', `${transport.dtlsState} ${transport.srtpCipher} ${codec.mimeType}`);
  }

  over() {
    this.peer?.close();
    tell(this.id, 'closed');
  }

  // listen sends what is heard to the test, as 16-bit samples at 8 kHz. A stream that no element plays is silent in
  // Chromium, so one does.
  listen(stream) {
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    element.play();
    this.context = new AudioContext({ sampleRate: 8000 });
    const tap = this.context.createScriptProcessor(1024, 1, 1);
    tap.onaudioprocess = e => {
      const heard = Int16Array.from(e.inputBuffer.getChannelData(0), v => Math.max(-32768, Math.min(32767, v * 32768)));
      post('/sound?phone=' + this.id, heard);
    };
    this.context.createMediaStreamSource(stream).connect(tap);
    tap.connect(this.context.destination);
    Object.assign(this, { element, tap });
  }
}

let shared;
const microphone = () => shared ||= navigator.mediaDevices.getUserMedia({
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
});

async function obey() {
  for (;;) {
    const order = await (await fetch('/next')).json();
    if (!order.do) continue;
    if (order.do === 'register') phones[order.phone] = new Phone(order);
    phones[order.phone][order.do](order)?.catch?.(e => tell(order.phone, 'failed', `${order.do}: ${e}`));
  }
}

window.onerror = message => tell('', 'failed', message);
obey();
