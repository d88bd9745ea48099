package null

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// queue is the receive buffer of the socket, as large as the box asks for: neither side may lose to the other by drops.
const queue = 4 << 20

// loop joins a leg in to a leg out with the library's own server, client and transactions, and keeps of a call what its
// ACK and BYE need. No registrar, no journal, no sound, no timers of its own.
type loop struct {
	client   *sipgo.Client
	contact  sip.ContactHeader
	calleeAt sip.Uri
	burden   burden
	mu       sync.Mutex
	calls    map[string]*leg // by Call-ID of the leg in
}

// leg is the leg out of a call that was answered.
type leg struct {
	target   sip.Uri
	from, to sip.Header
	id       sip.CallIDHeader
	seq      uint32
}

// serve runs until the process is killed.
func serve(listen, callee string, b burden) error {
	here, err := netip.ParseAddrPort(listen)
	if err != nil {
		return err
	}
	there, err := netip.ParseAddrPort(callee)
	if err != nil {
		return err
	}
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("null"), sipgo.WithUserAgentHostname(here.Addr().String()))
	if err != nil {
		return err
	}
	server, err := sipgo.NewServer(ua)
	if err != nil {
		return err
	}
	client, err := sipgo.NewClient(ua, sipgo.WithClientAddr(listen), sipgo.WithClientConnectionAddr(listen))
	if err != nil {
		return err
	}
	l := &loop{
		client: client, calls: map[string]*leg{}, burden: b,
		contact:  sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "null", Host: here.Addr().String(), Port: int(here.Port())}},
		calleeAt: sip.Uri{Scheme: "sip", Host: there.Addr().String(), Port: int(there.Port())},
	}
	server.OnInvite(l.invite)
	server.OnAck(l.ack)
	server.OnBye(l.bye)
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(here))
	if err != nil {
		return err
	}
	if err := conn.SetReadBuffer(queue); err != nil {
		return err
	}
	return errors.Join(server.ServeUDP(conn), errors.New("the socket is closed"))
}

// invite calls the callee, and passes on what it says until it answers.
func (l *loop) invite(req *sip.Request, tx sip.ServerTransaction) {
	l.say(tx, sip.NewResponseFromRequest(req, 100, "Trying", nil))
	req.To().Params.Add("tag", sip.GenerateTagN(16))
	if req.Recipient.User == "*43" {
		l.answer(req, tx, req.Body())
		return
	}
	if err := l.burden.begin(req.CallID().Value()); err != nil {
		l.say(tx, sip.NewResponseFromRequest(req, 503, err.Error(), nil))
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	out := l.request(sip.INVITE, req)
	out.AppendHeader(&l.contact)
	out.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	out.SetBody(req.Body())
	called, err := l.client.TransactionRequest(ctx, out)
	if err != nil {
		l.say(tx, sip.NewResponseFromRequest(req, 503, err.Error(), nil))
		return
	}
	defer called.Terminate()
	for {
		select {
		case res := <-called.Responses():
			switch {
			case res.StatusCode == 100:
			case res.IsProvisional():
				l.say(tx, sip.NewResponseFromRequest(req, res.StatusCode, res.Reason, nil))
			case res.IsSuccess():
				l.keep(req, out, res)
				l.answer(req, tx, res.Body())
				return
			default:
				l.say(tx, sip.NewResponseFromRequest(req, res.StatusCode, res.Reason, nil))
				return
			}
		case <-called.Done():
			l.say(tx, sip.NewResponseFromRequest(req, 503, fmt.Sprint(called.Err()), nil))
			return
		}
	}
}

// request begins a request to the callee in the name of the caller.
func (l *loop) request(method sip.RequestMethod, like *sip.Request) *sip.Request {
	to := l.calleeAt
	to.User = like.Recipient.User
	out := sip.NewRequest(method, to)
	from := sip.FromHeader{DisplayName: like.From().DisplayName, Address: l.contact.Address}
	from.Address.User, from.Address.Port = like.From().Address.User, 0
	from.Params.Add("tag", sip.GenerateTagN(16))
	out.AppendHeader(&from)
	return out
}

func (l *loop) answer(req *sip.Request, tx sip.ServerTransaction, body []byte) {
	res := sip.NewSDPResponseFromRequest(req, body)
	res.AppendHeader(&l.contact)
	l.say(tx, res)
}

func (l *loop) say(tx sip.ServerTransaction, res *sip.Response) {
	if err := tx.Respond(res); err != nil {
		fmt.Println("a response cannot be sent:", err)
	}
}

// keep notes the leg out before the caller hears of the answer, so that its ACK finds it.
func (l *loop) keep(req, out *sip.Request, res *sip.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[req.CallID().Value()] = &leg{
		target: res.Contact().Address, from: out.From(), to: res.To(), id: *out.CallID(), seq: out.CSeq().SeqNo,
	}
}

func (l *loop) ack(req *sip.Request, _ sip.ServerTransaction) {
	l.mu.Lock()
	called := l.calls[req.CallID().Value()]
	l.mu.Unlock()
	if called == nil {
		return
	}
	if err := l.client.WriteRequest(called.request(sip.ACK, called.seq)); err != nil {
		fmt.Println("an ACK cannot be sent:", err)
	}
}

func (l *loop) bye(req *sip.Request, tx sip.ServerTransaction) {
	l.burden.end(req.CallID().Value())
	l.say(tx, sip.NewResponseFromRequest(req, 200, "OK", nil))
	l.mu.Lock()
	called := l.calls[req.CallID().Value()]
	delete(l.calls, req.CallID().Value())
	l.mu.Unlock()
	if called == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if _, err := l.client.Do(ctx, called.request(sip.BYE, called.seq+1)); err != nil {
		fmt.Println("a BYE is not answered:", err)
	}
}

// request makes a request inside the dialog of the leg out.
func (l *leg) request(method sip.RequestMethod, seq uint32) *sip.Request {
	req := sip.NewRequest(method, l.target)
	id := l.id
	req.AppendHeader(l.from)
	req.AppendHeader(l.to)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	return req
}
