package plane

import (
	"context"
	"fmt"
	"log"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	discovery "example.local/greeter/gen/portolan/discovery/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// How often the plane says at least that nothing is missing; three of these in silence mean that the stream is dead.
const bookmarkInterval = 5 * time.Second

// Instances maps an instance id to what the plane says of it.
type Instances map[string]*discovery.DiscoveredInstance

// View is one service's instances, kept up to date by Watch. Without a connection it stays as it was last known.
type View struct {
	// Replaced as a whole, so that no reader ever sees half of a change.
	instances atomic.Pointer[Instances]
	// The point to resume after; 0 until the first full set is complete.
	revision  atomic.Int64
	pending   []*discovery.ServiceUpdate
	resetting bool
}

// NewView knows nothing yet; Watch fills it.
func NewView() *View {
	view := &View{}
	view.instances.Store(&Instances{})
	return view
}

// Instances answers the view as it is now; it does not change under the reader.
func (v *View) Instances() Instances { return *v.instances.Load() }

// Revision answers the revision that the view shows.
func (v *View) Revision() int64 { return v.revision.Load() }

// Take takes a response; true when the view moved on, false when this was but a piece and more follows.
func (v *View) Take(response *discovery.WatchResponse) bool {
	if response.Reset_ {
		v.resetting, v.pending = true, nil
	}
	v.pending = append(v.pending, response.Updates...)
	// Pieces carry revision 0. A reset is complete with synced: until then the old view is better than a part of the new.
	if !response.Synced && (response.Revision == 0 || v.resetting) {
		return false
	}
	instances := Instances{}
	if !v.resetting {
		maps.Copy(instances, v.Instances())
	}
	for _, update := range v.pending {
		if update.Reset_ || !update.Exists {
			clear(instances)
		}
		for _, put := range update.Put {
			instances[put.Instance.Id] = put
		}
		for _, id := range update.Removed {
			delete(instances, id)
		}
	}
	v.instances.Store(&instances)
	v.revision.Store(response.Revision)
	v.dropPieces()
	return true
}

// dropPieces forgets an answer that was not finished: a resumed watch tells its changes again.
func (v *View) dropPieces() { v.resetting, v.pending = false, nil }

// Candidates answers those to call now, by id: the best priority there is, without those that take no new calls.
func (v *View) Candidates() []*discovery.DiscoveredInstance {
	var best []*discovery.DiscoveredInstance
	for _, found := range v.Instances() {
		if found.EffectiveWeight == 0 {
			continue
		}
		if len(best) > 0 && found.Priority < best[0].Priority {
			best = nil
		}
		if len(best) == 0 || found.Priority == best[0].Priority {
			best = append(best, found)
		}
	}
	slices.SortFunc(best, func(a, b *discovery.DiscoveredInstance) int { return strings.Compare(a.Instance.Id, b.Instance.Id) })
	return best
}

// Watch keeps the view up to date until ctx is done; it resumes where it stopped when the stream breaks.
func (v *View) Watch(ctx context.Context, conn grpc.ClientConnInterface, service string, onChange func(before, after Instances)) {
	client := discovery.NewDiscoveryServiceClient(conn)
	for failures := 0; ctx.Err() == nil; failures++ {
		err := v.follow(ctx, client, service, func(before, after Instances) {
			failures = 0
			onChange(before, after)
		})
		v.dropPieces()
		if ctx.Err() == nil {
			log.Printf("watch lost: %v; %d instances kept", err, len(v.Instances()))
		}
		pause(ctx, failures)
	}
}

// follow is one stream, until it ends or is silent for too long.
func (v *View) follow(ctx context.Context, client discovery.DiscoveryServiceClient, service string, moved func(before, after Instances)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(3*bookmarkInterval, func() { cancel(fmt.Errorf("no bookmark for %v", 3*bookmarkInterval)) })
	defer watchdog.Stop()
	request := &discovery.WatchRequest{
		Targets:          []*discovery.Target{{Service: service}},
		Consumer:         "example-consumer",
		AfterRevision:    v.Revision(),
		BookmarkInterval: durationpb.New(bookmarkInterval),
	}
	// Waiting for the connection means to open the stream the moment the plane is back.
	stream, err := client.Watch(ctx, request, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err != nil {
			return err
		}
		watchdog.Reset(3 * bookmarkInterval)
		before := v.Instances()
		if v.Take(response) {
			moved(before, v.Instances())
		}
		if response.Synced {
			log.Printf("synced at revision %d", v.Revision())
		}
	}
}
