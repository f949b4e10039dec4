// Package wire is a gRPC client that costs next to nothing: HTTP/2 frames, header blocks encoded once, messages as bytes.
//
// A load tool on the machine of the server that it loads takes CPU from it. A grpc-go client spends some 20 us on a unary
// call; this one 2 to 3 us, so what is measured is the server.
package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamWindow     = 4 << 20
	connectionWindow = 1 << 30
	defaultWindow    = 65_535
	maxFrame         = 16_384
	bufferBytes      = 64 << 10
)

// Conn is one HTTP/2 connection. Its streams' callbacks run on its reading goroutine, one at a time, and may start streams
// and send on them.
type Conn struct {
	mu      sync.Mutex
	net     net.Conn
	in      *bufio.Reader
	out     *bufio.Writer
	framer  *http2.Framer
	headers *hpack.Decoder
	status  string // the grpc-status, and the message of an error, in the header block that is being decoded

	streams      map[uint32]*Stream
	blocked      []*Stream
	nextID       uint32
	window       int64
	streamWindow int64
	received     uint32
	reading      bool
	err          error
}

// Dial opens a connection and starts to read from it.
func Dial(address string) (*Conn, error) {
	socket, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		net: socket, in: bufio.NewReaderSize(socket, bufferBytes), out: bufio.NewWriterSize(socket, bufferBytes),
		streams: map[uint32]*Stream{}, nextID: 1, window: defaultWindow, streamWindow: defaultWindow,
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.SetReuseFrames()
	c.headers = hpack.NewDecoder(4096, c.onHeader)
	if _, err := io.WriteString(c.out, http2.ClientPreface); err != nil {
		return nil, err
	}
	c.framer.WriteSettings(
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: streamWindow},
		http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	c.framer.WriteWindowUpdate(0, connectionWindow)
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	go c.read()
	return c, nil
}

// Close ends the connection; streams that are open end with an error.
func (c *Conn) Close() { c.net.Close() }

// Path is a method, with its request headers as they go on the wire.
type Path struct {
	Name  string
	block []byte
}

// NewPath encodes the headers of a method, "/package.Service/Method".
func NewPath(path string) Path {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encoder.SetMaxDynamicTableSize(0) // so that the block means the same in every connection, at any time
	encoder.WriteField(hpack.HeaderField{Name: ":method", Value: "POST"})
	block.Reset()
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "bench"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return Path{path, block.Bytes()}
}

// Stream is one call. OnMessage gets each message, valid until it returns; OnEnd the grpc-status, or what went wrong.
type Stream struct {
	OnMessage func(message []byte)
	OnEnd     func(status string)

	conn     *Conn
	id       uint32
	window   int64
	pending  []byte
	half     bool
	waiting  bool
	partial  []byte
	received uint32
}

// Start opens a stream and sends its headers.
func (c *Conn) Start(path Path, stream *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go stream.OnEnd(c.err.Error())
		return
	}
	stream.conn, stream.id, stream.window = c, c.nextID, c.streamWindow
	c.nextID += 2
	c.streams[stream.id] = stream
	c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream.id, BlockFragment: path.block, EndHeaders: true})
	c.flush()
}

// Send sends a message; last says that it is the last one. Waits for nothing: what the windows do not take yet is kept.
func (s *Stream) Send(message []byte, last bool) {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(message)
	s.pending = append(s.pending, 0, byte(size>>24), byte(size>>16), byte(size>>8), byte(size))
	s.pending = append(s.pending, message...)
	s.half = s.half || last
	c.pump(s)
	c.flush()
}

// Open begins a stream and answers what sends on it. The callbacks are those of Stream.
func (c *Conn) Open(path Path, onMessage func(message []byte), onEnd func(status string)) (func(message []byte), error) {
	stream := &Stream{OnMessage: onMessage, OnEnd: onEnd}
	c.Start(path, stream)
	return func(message []byte) { stream.Send(message, false) }, nil
}

// Unary makes a call with one message each way.
func (c *Conn) Unary(path Path, message []byte, done func(status string, message []byte)) {
	var answer []byte
	stream := &Stream{
		OnMessage: func(message []byte) { answer = append(answer[:0], message...) },
	}
	stream.OnEnd = func(status string) { done(status, answer) }
	c.Start(path, stream)
	if stream.conn != nil {
		stream.Send(message, true)
	}
}

// pump writes what the windows take. Holding the lock.
func (c *Conn) pump(s *Stream) {
	for len(s.pending) > 0 {
		size := min(int64(len(s.pending)), s.window, c.window, maxFrame)
		if size <= 0 {
			if !s.waiting {
				s.waiting = true
				c.blocked = append(c.blocked, s)
			}
			return
		}
		whole := int(size) == len(s.pending)
		c.framer.WriteData(s.id, s.half && whole, s.pending[:size])
		s.window -= size
		c.window -= size
		s.pending = s.pending[size:]
	}
	s.pending = s.pending[:0]
}

// flush hands the buffer to the socket, unless the reading goroutine is about to do so for many. Holding the lock.
func (c *Conn) flush() {
	if !c.reading {
		c.out.Flush()
	}
}

func (c *Conn) read() {
	for frames := 0; ; frames++ {
		frame, err := c.framer.ReadFrame()
		if err == nil {
			c.setReading(true)
			err = c.handle(frame)
		}
		if err != nil {
			c.fail(err)
			return
		}
		if c.in.Buffered() == 0 || frames%32 == 0 {
			c.setReading(false)
		}
	}
}

func (c *Conn) setReading(reading bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = reading
	c.flush()
}

func (c *Conn) handle(frame http2.Frame) error {
	switch frame := frame.(type) {
	case *http2.DataFrame:
		c.onData(frame)
	case *http2.HeadersFrame:
		c.onHeaders(frame.StreamID, frame.HeaderBlockFragment(), frame.StreamEnded())
	case *http2.ContinuationFrame:
		return fmt.Errorf("a header block in several frames is more than this client reads")
	case *http2.RSTStreamFrame:
		c.end(frame.StreamID, "reset: "+frame.ErrCode.String())
	case *http2.GoAwayFrame:
		return fmt.Errorf("the server went away: %v %s", frame.ErrCode, frame.DebugData())
	default:
		c.control(frame)
	}
	return nil
}

func (c *Conn) control(frame http2.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if frame.IsAck() {
			return
		}
		if size, ok := frame.Value(http2.SettingInitialWindowSize); ok {
			for _, stream := range c.streams {
				stream.window += int64(size) - c.streamWindow
			}
			c.streamWindow = int64(size)
		}
		c.framer.WriteSettingsAck()
	case *http2.PingFrame:
		if !frame.IsAck() {
			c.framer.WritePing(true, frame.Data)
		}
	case *http2.WindowUpdateFrame:
		c.grow(frame.StreamID, int64(frame.Increment))
	}
}

// grow takes a window update; the streams that waited for it go on in their order. Holding the lock.
func (c *Conn) grow(id uint32, size int64) {
	if id == 0 {
		c.window += size
	} else if stream := c.streams[id]; stream != nil {
		stream.window += size
	}
	blocked := c.blocked
	c.blocked = nil
	for _, stream := range blocked {
		stream.waiting = false
		c.pump(stream)
	}
}

func (c *Conn) stream(id uint32) *Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[id]
}

func (c *Conn) onData(frame *http2.DataFrame) {
	if stream := c.stream(frame.StreamID); stream != nil {
		stream.take(frame.Data())
		c.credit(stream, uint32(frame.Length))
	}
	if frame.StreamEnded() {
		c.end(frame.StreamID, "ended without a status")
	}
}

// credit gives back what was read, in large pieces.
func (c *Conn) credit(s *Stream, size uint32) {
	c.received += size
	s.received += size
	if c.received < connectionWindow/4 && s.received < streamWindow/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.received >= connectionWindow/4 {
		c.framer.WriteWindowUpdate(0, c.received)
		c.received = 0
	}
	if s.received >= streamWindow/4 {
		c.framer.WriteWindowUpdate(s.id, s.received)
		s.received = 0
	}
}

// take cuts messages out of what came.
func (s *Stream) take(data []byte) {
	if len(s.partial) > 0 {
		s.partial = append(s.partial, data...)
		data = s.partial
	}
	for len(data) >= 5 {
		size := int(data[1])<<24 | int(data[2])<<16 | int(data[3])<<8 | int(data[4])
		if len(data) < 5+size {
			break
		}
		if s.OnMessage != nil {
			s.OnMessage(data[5 : 5+size])
		}
		data = data[5+size:]
	}
	s.partial = append(s.partial[:0], data...)
	if len(s.partial) == 0 {
		s.partial = nil
	}
}

func (c *Conn) onHeader(field hpack.HeaderField) {
	if field.Name == "grpc-status" || (field.Name == "grpc-message" && c.status != "0") {
		c.status = strings.TrimSpace(c.status + " " + field.Value)
	}
}

func (c *Conn) onHeaders(id uint32, block []byte, ended bool) {
	c.status = ""
	if _, err := c.headers.Write(block); err != nil {
		c.end(id, err.Error())
		return
	}
	if ended {
		c.end(id, c.status)
	}
}

func (c *Conn) end(id uint32, status string) {
	c.mu.Lock()
	stream := c.streams[id]
	delete(c.streams, id)
	c.mu.Unlock()
	if stream != nil && stream.OnEnd != nil {
		stream.OnEnd(status)
	}
}

func (c *Conn) fail(err error) {
	c.mu.Lock()
	c.err = err
	streams := c.streams
	c.streams = map[uint32]*Stream{}
	c.reading = false
	c.mu.Unlock()
	c.net.Close()
	for _, stream := range streams {
		if stream.OnEnd != nil {
			stream.OnEnd(err.Error())
		}
	}
}
