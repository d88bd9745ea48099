package media

const (
	leastDelay = 20 * ms  // that a jitter buffer holds sound back
	mostDelay  = 200 * ms // more would make people talk at the same time
	lateBin    = 5 * ms
	lateBins   = int(mostDelay / lateBin)
	lateFirst  = 20 * ms    // what is thought of a peer who was not heard yet …
	lateDoubt  = 5          // … and how many packets that thought weighs
	lateMemory = 500        // packets that lateness is judged by: 10 s
	baseline   = 5_000 * ms // how long the quickest packet counts, at least; twice that at most
)

// punctuality is how regularly the packets of a peer arrive: each against the quickest of the last seconds, because how
// long the way is in all cannot be known and does not matter.
type punctuality struct {
	quickest [2]int64 // transit of the quickest packet of this stretch of time and of the one before
	turned   int64    // when this stretch began
	count    int
	late     [lateBins + 1]float32 // share of packets by lateness
	worst    int64                 // the lateness of 95 in 100
}

// begin takes a packet for the quickest: the first one, or the first after the way or the peer's clock became another.
func (p *punctuality) begin(transit, now int64) {
	p.quickest, p.turned = [2]int64{transit, transit}, now
	if p.count == 0 {
		p.count, p.worst = lateDoubt, lateFirst
		p.late[lateFirst/lateBin] = 1
	}
}

// observe takes the transit time of a packet: its arrival on our clock less its timestamp on the peer's, in ns.
func (p *punctuality) observe(transit, now int64) {
	if now-p.turned >= baseline {
		p.turned = now
		p.quickest[1], p.quickest[0] = p.quickest[0], transit
	}
	p.quickest[0] = min(p.quickest[0], transit)
	p.count = min(p.count+1, lateMemory)
	share := 1 / float32(p.count)
	for i := range p.late {
		p.late[i] -= p.late[i] * share
	}
	p.late[min(int((transit-p.base())/lateBin), lateBins)] += share
	bin, rest := lateBins, float32(0.05)
	for ; bin > 0 && p.late[bin] <= rest; bin-- {
		rest -= p.late[bin]
	}
	p.worst = int64(bin+1) * lateBin
}

// base is the transit time of the quickest packet.
func (p *punctuality) base() int64 { return min(p.quickest[0], p.quickest[1]) }

// target is how long sound should be held back after the quickest packet would have brought it: as late as 95 of 100
// packets are, and a little for those that are later still.
func (p *punctuality) target() int64 {
	return min(max(p.worst+p.worst/4+10*ms, leastDelay), mostDelay)
}
