// A SIP user agent over one WebSocket (RFC 7118): as little of it as a phone in a page needs. There are no
// retransmissions and no timers, because a WebSocket loses nothing.
'use strict';

const chance = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), b => b.toString(36)).join('');

// parse splits a message into its first line, its headers (by lower-case name, each a list) and its body.
function parse(text) {
  const [head, ...body] = text.split('\r\n\r\n');
  const [first, ...lines] = head.split('\r\n');
  const message = { first, headers: {}, body: body.join('\r\n\r\n') };
  for (const line of lines) {
    const at = line.indexOf(':'), name = line.slice(0, at).trim().toLowerCase();
    (message.headers[name] ||= []).push(line.slice(at + 1).trim());
  }
  const words = first.split(' ');
  if (words[0] === 'SIP/2.0') message.status = Number(words[1]);
  else message.method = words[0];
  [message.sequence, message.about] = message.headers.cseq[0].split(/\s+/);
  return message;
}

const uriIn = value => (value.match(/<([^>]*)>/) || [, value.split(';')[0]])[1];
const tagIn = value => (value.match(/;tag=([^;]*)/) || [, ''])[1];

// Agent is one account at one server. It tells of calls by oncall(invite) and answers everything else by itself.
class Agent {
  constructor(url, user, password) {
    Object.assign(this, { url, user, password, host: chance() + '.invalid', waiting: {}, dialogs: {} });
    this.domain = new URL(url.replace(/^ws/, 'http')).hostname;
    this.aor = `sip:${user}@${this.domain}`;
    this.contact = `<sip:${user}@${this.host};transport=ws>`;
  }

  open() {
    return new Promise((done, failed) => {
      this.socket = new WebSocket(this.url, 'sip');
      this.socket.onopen = () => done();
      this.socket.onerror = () => failed(new Error('no connection to ' + this.url));
      this.socket.onmessage = async e => this.receive(parse(typeof e.data === 'string' ? e.data : await e.data.text()));
    });
  }

  send(first, headers, body = '') {
    const lines = [first, ...headers, 'User-Agent: callbox page'];
    if (body) lines.push('Content-Type: application/sdp');
    lines.push('Content-Length: ' + new TextEncoder().encode(body).length, '', body);
    this.socket.send(lines.join('\r\n'));
  }

  // begin opens a dialog, or stands for one that is not there yet.
  begin(to) {
    const d = { id: chance(), to, local: `<${this.aor}>;tag=${chance()}`, remote: `<${to}>`, target: to, sequence: 0, routes: [] };
    this.dialogs[d.id] = d;
    return d;
  }

  // request sends a request of a dialog and gives its final response; onwards is told of those before. A challenge is
  // answered once.
  async request(d, method, more = [], body = '', onward = () => {}) {
    let extra = [];
    for (let attempt = 0; ; attempt++) {
      const answer = await this.ask(d, method, [...more, ...extra], body, onward);
      if (answer.status !== 401 && answer.status !== 407 || attempt > 0) return answer;
      extra = [await this.credentials(answer, method, d.target)];
    }
  }

  ask(d, method, more, body, onward) {
    const branch = 'z9hG4bK' + chance();
    d.sequence++;
    d.branch = branch;
    const write = (name, what = [], text = '') => this.send(`${name} ${d.target} SIP/2.0`, [
      `Via: SIP/2.0/WS ${this.host};branch=${branch}`, 'Max-Forwards: 70', `From: ${d.local}`, `To: ${d.remote}`,
      `Call-ID: ${d.id}`, `CSeq: ${d.sequence} ${name}`, ...d.routes.map(r => 'Route: ' + r), ...what,
    ], text);
    d.write = write;
    return new Promise(done => {
      this.waiting[branch] = answer => {
        if (answer.status < 200) return onward(answer);
        delete this.waiting[branch];
        if (method === 'INVITE' && answer.status >= 300) this.acknowledge(d, answer, branch);
        done(answer);
      };
      write(method, [`Contact: ${this.contact}`, ...more], body);
    });
  }

  acknowledge(d, answer, branch) {
    this.send(`ACK ${d.target} SIP/2.0`, [
      `Via: SIP/2.0/WS ${this.host};branch=${branch || 'z9hG4bK' + chance()}`, 'Max-Forwards: 70', `From: ${d.local}`,
      `To: ${answer.headers.to[0]}`, `Call-ID: ${d.id}`, `CSeq: ${answer.sequence} ACK`, ...d.routes.map(r => 'Route: ' + r),
    ]);
  }

  // confirm makes a dialog of an INVITE that was answered.
  confirm(d, answer) {
    d.remote = answer.headers.to[0];
    d.target = uriIn(answer.headers.contact[0]);
    d.routes = (answer.headers['record-route'] || []).flatMap(r => r.split(/,\s*(?=<)/)).reverse();
    this.acknowledge(d, answer);
  }

  // credentials answer a challenge by SHA-256 (RFC 8760), the one hash that pages have at hand.
  async credentials(answer, method, uri) {
    const all = answer.headers['www-authenticate'] || answer.headers['proxy-authenticate'];
    const of = (challenge, name) => (challenge.match(new RegExp(`${name}="?([^",]*)`)) || [, ''])[1];
    const challenge = all.find(c => of(c, 'algorithm') === 'SHA-256');
    const hash = async text => Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
      b => b.toString(16).padStart(2, '0')).join('');
    const realm = of(challenge, 'realm'), nonce = of(challenge, 'nonce'), cnonce = chance();
    const secret = await hash(`${this.user}:${realm}:${this.password}`), what = await hash(`${method}:${uri}`);
    const response = await hash(`${secret}:${nonce}:00000001:${cnonce}:auth:${what}`);
    return `${answer.status === 401 ? 'Authorization' : 'Proxy-Authorization'}: Digest username="${this.user}", realm="${realm}", ` +
      `nonce="${nonce}", uri="${uri}", response="${response}", algorithm=SHA-256, cnonce="${cnonce}", qop=auth, nc=00000001`;
  }

  async register() {
    const d = this.begin(this.aor);
    d.target = `sip:${this.domain}`;
    const answer = await this.request(d, 'REGISTER', ['Expires: 300']);
    if (answer.status !== 200) throw new Error('REGISTER: ' + answer.first);
  }

  receive(m) {
    if (m.status) {
      const branch = (m.headers.via[0].match(/;branch=([^;,]*)/) || [])[1];
      return this.waiting[branch]?.(m);
    }
    const d = this.dialogs[m.headers['call-id'][0]];
    switch (m.method) {
      case 'INVITE':
        if (d) return this.reply(m, 488); // our calls stay as they are
        return this.invited(m);
      case 'ACK':
        return d?.onack?.();
      case 'BYE':
        this.reply(m, 200);
        return d?.onbye?.();
      case 'CANCEL':
        this.reply(m, 200);
        if (d && !d.answered) { this.reply(d.invite, 487); d.onbye?.(); }
        return;
      default:
        return this.reply(m, 200);
    }
  }

  invited(m) {
    const d = this.begin(this.aor);
    delete this.dialogs[d.id];
    d.id = m.headers['call-id'][0];
    this.dialogs[d.id] = d;
    d.invite = m;
    d.local = m.headers.to[0] + ';tag=' + tagIn(d.local);
    d.remote = m.headers.from[0];
    d.target = uriIn(m.headers.contact[0]);
    d.routes = (m.headers['record-route'] || []).flatMap(r => r.split(/,\s*(?=<)/));
    this.reply(m, 180, d.local);
    this.oncall?.(d);
  }

  // reply answers a request; to is our end of a dialog where there is one.
  reply(m, status, to = m.headers.to[0], body = '') {
    if (!tagIn(to)) to += ';tag=' + chance();
    const words = { 180: 'Ringing', 200: 'OK', 487: 'Request Terminated', 488: 'Not Acceptable Here' };
    this.send(`SIP/2.0 ${status} ${words[status]}`, [
      ...m.headers.via.map(v => 'Via: ' + v), ...(m.headers['record-route'] || []).map(r => 'Record-Route: ' + r),
      `From: ${m.headers.from[0]}`, `To: ${to}`, `Call-ID: ${m.headers['call-id'][0]}`, `CSeq: ${m.headers.cseq[0]}`,
      `Contact: ${this.contact}`,
    ], body);
  }
}
