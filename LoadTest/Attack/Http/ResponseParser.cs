using System.Buffers.Text;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Responders;

namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>Incremental parser for one HTTP/1.x response at a time (RFC 9112): interim responses, Content-Length,
/// chunked, read-to-close. No I/O and no clock; however the bytes are cut into pieces, the result is the same.
/// Allocates nothing for a response whose lines arrive whole and whose body need not be kept; its buffers grow to the
/// limits at most and are reused.</summary>
public sealed class ResponseParser
{
    private const int MaxChunkLineBytes = 4096;

    private readonly ResponderRule _rule;
    private readonly ResponderNames _names;
    private readonly ResponseLimits _limits;
    private ResponseHead _head;
    private GrowingBuffer _line = new();
    private GrowingBuffer _body = new();
    private int _headBytes;
    private long _remaining;
    private Step _step;
    private bool _headRequest;

    /// <param name="rule">How the responder is recognised.</param>
    /// <param name="names">Table of names, shared by the parsers of an attack.</param>
    /// <param name="limits">Limits of a response.</param>
    public ResponseParser(ResponderRule rule, ResponderNames names, ResponseLimits? limits = null)
    {
        _rule = rule;
        _names = names;
        _limits = limits ?? ResponseLimits.Default;
        _head = new ResponseHead(rule, names);
        Reset(headRequest: false);
    }

    private enum Step : byte
    {
        StatusLine,
        Headers,
        FixedBody,
        BodyToClose,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailers,
        Complete,
        Malformed,
    }

    /// <summary>Status code; 0 before the status line.</summary>
    public int Status => _head.Status;

    /// <summary>Bytes of this response consumed so far, framing included.</summary>
    public long BytesConsumed { get; private set; }

    /// <summary>Bytes of the body so far, without framing.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>What is wrong with a malformed response.</summary>
    public ResponseFault Fault { get; private set; }

    /// <summary>Pod that answered, null when unknown. Valid once complete.</summary>
    public string? Pod => _head.Pod;

    /// <summary>Node of that pod, null when unknown.</summary>
    public string? Node => _head.Node;

    /// <summary>True when the connection may carry another request. Valid once complete.</summary>
    public bool CanReuseConnection { get; private set; }

    /// <summary>The kept part of the body; empty unless the responder rule needed it.</summary>
    public ReadOnlySpan<byte> KeptBody => _body.Bytes;

    /// <summary>Forgets everything and expects the response to a new request.</summary>
    /// <param name="headRequest">True for the answer to HEAD, which has headers of a body but none.</param>
    public void Reset(bool headRequest)
    {
        _headRequest = headRequest;
        _step = Step.StatusLine;
        _line.Clear();
        _body.Clear();
        _headBytes = 0;
        _remaining = 0;
        BytesConsumed = BodyBytes = 0;
        Fault = ResponseFault.None;
        CanReuseConnection = false;
        _head.Reset();
    }

    /// <summary>Parses the next bytes of the stream.</summary>
    /// <param name="data">Bytes read; may be any cut of the stream.</param>
    /// <param name="consumed">How many of them belong to this response; fewer than given only once it is complete or
    /// malformed.</param>
    public ParseState Feed(ReadOnlySpan<byte> data, out int consumed)
    {
        var rest = data;
        while (!rest.IsEmpty && _step < Step.Complete)
        {
            switch (_step)
            {
                case Step.FixedBody or Step.BodyToClose or Step.ChunkData:
                    TakeBody(ref rest);
                    break;
                default:
                    if (TryTakeLine(ref rest, out var line))
                        OnLine(line);
                    break;
            }
        }
        consumed = data.Length - rest.Length;
        BytesConsumed += consumed;
        // Unrequested bytes would be taken for the next response.
        CanReuseConnection &= rest.IsEmpty;
        return State;
    }

    /// <summary>The peer has closed the stream.</summary>
    /// <returns>Complete when the body ran to the close; NeedMore when the response was cut off.</returns>
    public ParseState EndOfStream()
    {
        if (_step is Step.BodyToClose)
            Finish();
        return State;
    }

    /// <summary>The connection cannot carry another request, whatever the response says.</summary>
    public void Abandon() => CanReuseConnection = false;

    private ParseState State =>
        _step switch
        {
            Step.Complete => ParseState.Complete,
            Step.Malformed => ParseState.Malformed,
            _ => ParseState.NeedMore,
        };

    private bool HasNoBody => _headRequest || _head.HasNoBody;

    private void Fail(ResponseFault fault)
    {
        Fault = fault;
        _step = Step.Malformed;
    }

    private void TakeBody(ref ReadOnlySpan<byte> rest)
    {
        var take = _step is Step.BodyToClose ? rest.Length : (int)Math.Min(rest.Length, _remaining);
        if (BodyBytes + take > _limits.MaxBodyBytes)
        {
            Fail(ResponseFault.BodyTooLarge);
            return;
        }
        if (Pod is null && _rule.ReadsBody)
            _body.Append(rest[..Math.Min(take, _limits.MaxKeptBodyBytes - _body.Length)], _limits.MaxKeptBodyBytes);
        BodyBytes += take;
        rest = rest[take..];
        if (_step is Step.BodyToClose)
            return;
        _remaining -= take;
        if (_remaining > 0)
            return;
        if (_step is Step.ChunkData)
            _step = Step.ChunkEnd;
        else
            Finish();
    }

    private void Finish()
    {
        if (Pod is null && _rule.ReadsBody && _body.Length > 0)
        {
            var (pod, node) = (_head.Pod, _head.Node);
            _rule.ReadBody(KeptBody, _names, ref pod, ref node);
            (_head.Pod, _head.Node) = (pod, node);
        }
        var delimited = _head.IsChunked || _head.ContentLength >= 0 || HasNoBody;
        CanReuseConnection = delimited && _head.KeepsConnection;
        _step = Step.Complete;
    }

    private bool TryTakeLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var isHead = _step is Step.StatusLine or Step.Headers or Step.Trailers;
        var end = rest.IndexOf((byte)'\n');
        var take = end < 0 ? rest.Length : end + 1;
        if (isHead ? _headBytes + take > _limits.MaxHeadBytes : _line.Length + take > MaxChunkLineBytes)
        {
            Fail(isHead ? ResponseFault.HeadersTooLarge : ResponseFault.Chunk);
            line = default;
            return false;
        }
        if (isHead)
            _headBytes += take;
        line = rest[..take];
        rest = rest[take..];
        if (end < 0 || _line.Length > 0)
        {
            _line.Append(line, Math.Max(_limits.MaxHeadBytes, MaxChunkLineBytes));
            line = _line.Bytes;
        }
        if (end < 0)
            return false;
        _line.Clear();
        line = line[..^1];
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        return true;
    }

    private void OnLine(ReadOnlySpan<byte> line)
    {
        switch (_step)
        {
            case Step.StatusLine:
                Take(_head.TakeStatusLine(line), Step.Headers);
                break;
            case Step.Headers when line.IsEmpty:
                OnHeadersEnd();
                break;
            case Step.Headers:
                Take(line[0] is (byte)' ' or (byte)'\t' ? _head.TakeFold() : _head.TakeHeader(line), Step.Headers);
                break;
            case Step.ChunkSize:
                OnChunkSize(line);
                break;
            case Step.ChunkEnd:
                Take(line.IsEmpty ? ResponseFault.None : ResponseFault.Chunk, Step.ChunkSize);
                break;
            case Step.Trailers when line.IsEmpty:
                Finish();
                break;
        }
    }

    private void Take(ResponseFault fault, Step next)
    {
        if (fault is ResponseFault.None)
            _step = next;
        else
            Fail(fault);
    }

    private void OnHeadersEnd()
    {
        if (_head.IsInterim)
        {
            // What it said does not describe the final response.
            _head.Reset();
            _step = Step.StatusLine;
        }
        else if (HasNoBody || (!_head.IsChunked && _head.ContentLength == 0))
        {
            Finish();
        }
        else if (_head.IsChunked)
        {
            _step = Step.ChunkSize;
        }
        else if (_head.ContentLength > _limits.MaxBodyBytes)
        {
            Fail(ResponseFault.BodyTooLarge);
        }
        else
        {
            _remaining = _head.ContentLength;
            _step = _head.ContentLength > 0 ? Step.FixedBody : Step.BodyToClose;
        }
    }

    private void OnChunkSize(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)';', (byte)' ', (byte)'\t');
        var digits = end < 0 ? line : line[..end];
        if (
            digits.Length is 0 or > 15
            || !Utf8Parser.TryParse(digits, out long size, out var used, 'x')
            || used != digits.Length
        )
            Fail(ResponseFault.Chunk);
        else if (BodyBytes + size > _limits.MaxBodyBytes)
            Fail(ResponseFault.BodyTooLarge);
        else
            (_remaining, _step) = (size, size == 0 ? Step.Trailers : Step.ChunkData);
    }
}
