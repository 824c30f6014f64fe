package engine

import (
	"sync"
	"time"
)

// Where no CPU is free for helpers, they cost time: the thread that is woken takes turns with
// the caller's, or is interrupted amid its last block, while the caller waits. They may lose as
// much as a call takes one worker before calls go without.
const (
	// earned is the most that their savings count for: an interruption of a few ms, once, or
	// several calls.
	earned, earnedCalls = 4 * time.Millisecond, 16
	// longest is how long calls go with fewer workers at most before more are tried again.
	longest, longestCalls = 50 * time.Millisecond, 64
	// doublings of what was lost are worked with fewer workers: helpers that never pay cost
	// 1/64 of the time.
	doublings = 6
)

// payoff decides with how many workers calls of about one size begin, from how long such calls
// took. The best pace of any worker in any claim tells how long a call would have taken one
// worker: threads that share a CPU interrupt each other, but not in each claim. That is the
// same for all losses, outputs and inputs. Where one worker is slower than that throughout,
// as it waits for a file to be read, calls with one worker show by how much.
//
// The zero payoff is that of helpers of which nothing is known. They get a trial.
type payoff struct {
	mu       sync.Mutex
	halvings int           // of the number of workers
	credit   time.Duration // what helpers saved since more were last tried
	rest     time.Duration // to be worked with fewer workers before more are tried
	losses   int           // trials that failed since helpers had earned all they can
	slower   float64       // one worker's time by that of its best pace, less 1
}

// workers returns how many of n workers are to work, and what [payoff.learn] is to know of that.
func (p *payoff) workers(n int) (workers, halvings int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(n>>p.halvings, 1), p.halvings
}

// learn takes in how long a call took, and would have taken at the best pace with one worker: 0
// if the clock is too coarse to tell. A call that began under other halvings than there are
// now says nothing of these.
func (p *payoff) learn(workers, halvings int, took, best time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if best <= 0 || halvings != p.halvings {
		return
	}
	alone := time.Duration(float64(best) * (1 + p.slower))
	if workers > 1 {
		most := max(earned, earnedCalls*alone)
		p.credit = min(p.credit+alone-took, most)
		switch {
		case p.credit < -alone:
			p.losses = min(p.losses+1, doublings)
			p.rest = min(-p.credit<<p.losses, max(longest, longestCalls*alone))
			p.halvings++
			p.credit = 0
			return
		case p.credit == most:
			p.losses = 0
		}
	} else if took > alone {
		p.slower += (1 + p.slower) / 32 // towards the median
	} else {
		p.slower -= (1 + p.slower) / 32
	}
	if p.rest -= took; p.halvings > 0 && p.rest <= 0 {
		p.halvings--
		p.credit = 0
	}
}
