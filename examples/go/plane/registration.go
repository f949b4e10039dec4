package plane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"time"

	registry "example.local/greeter/gen/portolan/registry/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// With these it makes no sense to try again: the request is wrong, or another process has our place.
var final = []codes.Code{codes.InvalidArgument, codes.FailedPrecondition, codes.Aborted, codes.PermissionDenied, codes.Unauthenticated}

var errReconnect = errors.New("the plane asks us to reconnect")

// Registration keeps one instance registered by holding a session open. No heartbeats: it is alive because its stream is.
type Registration struct {
	client   registry.RegistryServiceClient
	instance *registry.Instance
	// Proves to the plane, also after its restart, that we are the session's former holder.
	resumeToken string
	failures    int
}

// NewRegistration registers nothing yet; Keep does.
func NewRegistration(conn grpc.ClientConnInterface, instance *registry.Instance) *Registration {
	return &Registration{client: registry.NewRegistryServiceClient(conn), instance: instance}
}

// Keep returns nil when ctx is done and the instance deregistered, or an error when another process took its place.
func (r *Registration) Keep(ctx context.Context) error {
	for leaving := false; !leaving; r.failures++ {
		leaving = ctx.Err() != nil // while the plane was away: one last try, else the session's TTL removes the instance
		err := r.hold(ctx)
		if errors.Is(err, io.EOF) && ctx.Err() != nil {
			return nil
		}
		if slices.Contains(final, status.Code(err)) {
			return fmt.Errorf("%s: %w", r.instance.Id, err)
		}
		if status.Code(err) == codes.NotFound {
			r.resumeToken = "" // the session is gone: begin a new one
		}
		log.Printf("session lost: %v", err)
		pause(ctx, r.failures)
	}
	return nil
}

// hold is one stream, from its opening until either side ends it.
func (r *Registration) hold(ctx context.Context) error {
	// Leaving is to half-close, not to cancel: a cancelled stream keeps what it registered for the session's TTL.
	callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	// Who leaves does not wait longer than this for a plane that does not answer.
	defer context.AfterFunc(ctx, func() { time.AfterFunc(5*time.Second, cancel) })()
	// Waiting for the connection means to open the stream the moment the plane is back.
	stream, err := r.client.Session(callCtx, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	open := &registry.OpenSession{Client: "go", ResumeToken: r.resumeToken}
	if err := send(stream, &registry.SessionRequest{RequestId: 1, Request: &registry.SessionRequest_Open{Open: open}}); err != nil {
		return err
	}
	responses, failed := receive(callCtx, stream)
	leave := ctx.Done()
	for {
		select {
		case response := <-responses:
			if err := r.take(ctx, stream, response); err != nil {
				return err
			}
		case err := <-failed:
			return err
		case <-leave:
			leave = nil
			if err := stream.CloseSend(); err != nil { // says: deregister all that this session holds, now
				return err
			}
		}
	}
}

func (r *Registration) take(ctx context.Context, stream registry.RegistryService_SessionClient, response *registry.SessionResponse) error {
	switch it := response.Response.(type) {
	case *registry.SessionResponse_Opened:
		r.resumeToken, r.failures = it.Opened.ResumeToken, 0
		if slices.ContainsFunc(it.Opened.Instances, func(ref *registry.InstanceRef) bool { return ref.Id == r.instance.Id }) {
			log.Printf("session %s resumed", it.Opened.SessionId) // and no consumer has noticed anything
			return nil
		}
		log.Printf("session %s opened", it.Opened.SessionId)
		if ctx.Err() != nil {
			return nil // half-closed: too late to register
		}
		register := &registry.RegisterInSession{Instance: r.instance}
		return send(stream, &registry.SessionRequest{RequestId: 2, Request: &registry.SessionRequest_Register{Register: register}})
	case *registry.SessionResponse_Committed:
		log.Printf("registered %s at revision %d", r.instance.Id, it.Committed.Revision)
	case *registry.SessionResponse_Failed:
		return status.Error(codes.Code(it.Failed.Code), it.Failed.Message)
	case *registry.SessionResponse_Directive:
		switch it.Directive.Directive.(type) {
		case *registry.Directive_Superseded:
			return status.Error(codes.Aborted, "another process registered it")
		case *registry.Directive_Reconnect:
			return errReconnect
		case *registry.Directive_Drain:
			log.Print("the plane asks us to drain")
		}
	}
	return nil
}

// send hides that a broken stream answers io.EOF to a send: the reason is what a receive answers.
func send(stream registry.RegistryService_SessionClient, request *registry.SessionRequest) error {
	err := stream.Send(request)
	if errors.Is(err, io.EOF) {
		_, err = stream.Recv()
	}
	return err
}

// receive reads the stream in a goroutine of its own until it fails or ctx is done.
func receive(ctx context.Context, stream registry.RegistryService_SessionClient) (<-chan *registry.SessionResponse, <-chan error) {
	responses, failed := make(chan *registry.SessionResponse), make(chan error, 1)
	go func() {
		for {
			response, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case responses <- response:
			case <-ctx.Done():
				return
			}
		}
	}()
	return responses, failed
}
