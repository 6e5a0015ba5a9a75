using System.Buffers.Text;
using System.Text;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Where a <see cref="ResponseParser"/> is after being fed.</summary>
public enum ParseState
{
    /// <summary>The response is not complete; feed more bytes or tell the end of the stream.</summary>
    NeedMore,

    /// <summary>The response is complete.</summary>
    Complete,

    /// <summary>This is no HTTP/1.1 response, or it exceeds a limit; see <see cref="ResponseParser.Fault"/>.</summary>
    Malformed,
}

/// <summary>Limits of a response; beyond them it is malformed, so that no server can make the client use more memory or time.</summary>
/// <param name="MaxHeadBytes">Status line, headers, interim responses and trailers together; default 64 KiB.</param>
/// <param name="MaxBodyBytes">How far a body is read; default 1 GiB. It is counted, not kept.</param>
/// <param name="MaxKeptBodyBytes">How much of the body is kept for recognising the responder; default 64 KiB.</param>
public sealed record ResponseLimits(int MaxHeadBytes = 64 * 1024, long MaxBodyBytes = 1L << 30, int MaxKeptBodyBytes = 64 * 1024)
{
    /// <summary>The defaults.</summary>
    public static ResponseLimits Default { get; } = new();
}

/// <summary>
/// Incremental parser for one HTTP/1.x response at a time (RFC 9112): interim responses, Content-Length, chunked, read-to-close.
/// No I/O and no clock; however the bytes are cut into pieces, the result is the same. Allocates nothing for a response whose lines arrive whole
/// and whose body need not be kept; its buffers grow to the limits at most and are reused.
/// </summary>
public sealed class ResponseParser
{
    private const int MaxChunkLineBytes = 4096;

    private readonly ResponderRule _rule;
    private readonly ResponderNames _names;
    private readonly ResponseLimits _limits;
    private byte[] _line = [];
    private byte[] _body = [];
    private int _lineLength;
    private int _bodyKept;
    private int _headBytes;
    private long _remaining;
    private Step _step;
    private bool _headRequest;
    private bool _chunked;
    private bool _keepAliveAsked;
    private bool _closeAsked;
    private bool _http10;
    private long _contentLength;

    /// <param name="rule">How the responder is recognised.</param>
    /// <param name="names">Table of names, shared by the parsers of an attack.</param>
    /// <param name="limits">Limits of a response.</param>
    public ResponseParser(ResponderRule rule, ResponderNames names, ResponseLimits? limits = null)
    {
        _rule = rule;
        _names = names;
        _limits = limits ?? ResponseLimits.Default;
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
    public int Status { get; private set; }

    /// <summary>Bytes of this response consumed so far, framing included.</summary>
    public long BytesConsumed { get; private set; }

    /// <summary>Bytes of the body so far, without framing.</summary>
    public long BodyBytes { get; private set; }

    /// <summary>What is wrong with a malformed response.</summary>
    public ResponseFault Fault { get; private set; }

    /// <summary>Pod that answered, null when unknown. Valid once complete.</summary>
    public string? Pod { get; private set; }

    /// <summary>Node of that pod, null when unknown.</summary>
    public string? Node { get; private set; }

    /// <summary>True when the connection may carry another request. Valid once complete.</summary>
    public bool CanReuseConnection { get; private set; }

    /// <summary>The kept part of the body; empty unless the responder rule needed it.</summary>
    public ReadOnlySpan<byte> KeptBody => _body.AsSpan(0, _bodyKept);

    /// <summary>Forgets everything and expects the response to a new request.</summary>
    /// <param name="headRequest">True for the answer to HEAD, which has headers of a body but none.</param>
    public void Reset(bool headRequest)
    {
        _headRequest = headRequest;
        _step = Step.StatusLine;
        _lineLength = _bodyKept = _headBytes = 0;
        _remaining = 0;
        Status = 0;
        BytesConsumed = BodyBytes = 0;
        Fault = ResponseFault.None;
        Pod = Node = null;
        CanReuseConnection = false;
        ResetHead();
    }

    /// <summary>Parses the next bytes of the stream.</summary>
    /// <param name="data">Bytes read; may be any cut of the stream.</param>
    /// <param name="consumed">How many of them belong to this response; fewer than given only once it is complete or malformed.</param>
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
        // Bytes that nobody asked for would be taken for the next response.
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

    private ParseState State => _step switch
    {
        Step.Complete => ParseState.Complete,
        Step.Malformed => ParseState.Malformed,
        _ => ParseState.NeedMore,
    };

    private void ResetHead()
    {
        _chunked = _keepAliveAsked = _closeAsked = _http10 = false;
        _contentLength = -1;
    }

    private void Fail(ResponseFault fault)
    {
        Fault = fault;
        _step = Step.Malformed;
    }

    // Body ---------------------------------------------------------------------------------------------------------------------------

    private void TakeBody(ref ReadOnlySpan<byte> rest)
    {
        var take = _step is Step.BodyToClose ? rest.Length : (int)Math.Min(rest.Length, _remaining);
        if (BodyBytes + take > _limits.MaxBodyBytes)
        {
            Fail(ResponseFault.BodyTooLarge);
            return;
        }

        if (Pod is null && _rule.ReadsBody)
            Keep(rest[..take]);
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

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, _limits.MaxKeptBodyBytes - _bodyKept)];
        Grow(ref _body, _bodyKept + bytes.Length, _limits.MaxKeptBodyBytes);
        bytes.CopyTo(_body.AsSpan(_bodyKept));
        _bodyKept += bytes.Length;
    }

    private void Finish()
    {
        if (Pod is null && _rule.ReadsBody && _bodyKept > 0)
        {
            var (pod, node) = (Pod, Node);
            _rule.ReadBody(KeptBody, _names, ref pod, ref node);
            (Pod, Node) = (pod, node);
        }

        var delimited = _chunked || _contentLength >= 0 || HasNoBody;
        CanReuseConnection = delimited && !_closeAsked && (!_http10 || _keepAliveAsked);
        _step = Step.Complete;
    }

    // Lines --------------------------------------------------------------------------------------------------------------------------

    private bool TryTakeLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var isHead = _step is Step.StatusLine or Step.Headers or Step.Trailers;
        var end = rest.IndexOf((byte)'\n');
        var take = end < 0 ? rest.Length : end + 1;
        if (isHead ? _headBytes + take > _limits.MaxHeadBytes : _lineLength + take > MaxChunkLineBytes)
        {
            Fail(isHead ? ResponseFault.HeadersTooLarge : ResponseFault.Chunk);
            line = default;
            return false;
        }

        if (isHead)
            _headBytes += take;
        line = rest[..take];
        rest = rest[take..];
        if (end < 0 || _lineLength > 0)
        {
            Grow(ref _line, _lineLength + take, Math.Max(_limits.MaxHeadBytes, MaxChunkLineBytes));
            line.CopyTo(_line.AsSpan(_lineLength));
            _lineLength += take;
            line = _line.AsSpan(0, _lineLength);
        }

        if (end < 0)
            return false;
        _lineLength = 0;
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
                OnStatusLine(line);
                break;
            case Step.Headers when line.IsEmpty:
                OnHeadersEnd();
                break;
            case Step.Headers:
                OnHeader(line);
                break;
            case Step.ChunkSize:
                OnChunkSize(line);
                break;
            case Step.ChunkEnd when line.IsEmpty:
                _step = Step.ChunkSize;
                break;
            case Step.ChunkEnd:
                Fail(ResponseFault.Chunk);
                break;
            case Step.Trailers when line.IsEmpty:
                Finish();
                break;
        }
    }

    private void OnStatusLine(ReadOnlySpan<byte> line)
    {
        // "HTTP/1.x SSS" and then nothing or a space and a reason.
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' '
            || (line.Length > 12 && line[12] != ' ')
            || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var digits) || digits != 3 || status is < 100 or 101)
        {
            Fail(ResponseFault.StatusLine);
            return;
        }

        _http10 = line[7] == '0';
        Status = status;
        _step = Step.Headers;
    }

    private void OnHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(HttpToken.Bytes) || line.ContainsAny((byte)'\r', (byte)0))
        {
            Fail(ResponseFault.Header);
            return;
        }

        var name = line[..colon];
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (Is(name, "Content-Length"u8))
            OnContentLength(value);
        else if (Is(name, "Transfer-Encoding"u8))
            OnTransferEncoding(value);
        else if (Is(name, "Connection"u8))
            OnConnection(value);
        if (_rule.PodHeader.Length > 0 && Pod is null && Is(name, _rule.PodHeader))
            Pod = _names.Get(value);
        if (Node is null && Is(name, _rule.NodeHeader))
            Node = _names.Get(value);
    }

    private void OnContentLength(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > 18 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long length, out _) || (_contentLength >= 0 && _contentLength != length))
            Fail(ResponseFault.ContentLength);
        else
            _contentLength = length;
    }

    private void OnTransferEncoding(ReadOnlySpan<byte> value)
    {
        if (_chunked || !Is(value, "chunked"u8))
            Fail(ResponseFault.TransferEncoding);
        else
            _chunked = true;
    }

    private void OnConnection(ReadOnlySpan<byte> value)
    {
        foreach (var part in value.Split((byte)','))
        {
            var token = value[part].Trim(" \t"u8);
            _closeAsked |= Is(token, "close"u8);
            _keepAliveAsked |= Is(token, "keep-alive"u8);
        }
    }

    private bool HasNoBody => _headRequest || Status is 204 or 304;

    private void OnHeadersEnd()
    {
        if (Status < 200)
        {
            // Interim response: what it said does not describe the final one.
            ResetHead();
            Pod = Node = null;
            Status = 0;
            _step = Step.StatusLine;
        }
        else if (HasNoBody || (!_chunked && _contentLength == 0))
        {
            Finish();
        }
        else if (_chunked)
        {
            // Transfer-Encoding overrides Content-Length (RFC 9112 §6.3); such a connection is not to be trusted with another request.
            _closeAsked |= _contentLength >= 0;
            _step = Step.ChunkSize;
        }
        else if (_contentLength > _limits.MaxBodyBytes)
        {
            Fail(ResponseFault.BodyTooLarge);
        }
        else
        {
            _remaining = _contentLength;
            _step = _contentLength > 0 ? Step.FixedBody : Step.BodyToClose;
        }
    }

    private void OnChunkSize(ReadOnlySpan<byte> line)
    {
        var end = line.IndexOfAny((byte)';', (byte)' ', (byte)'\t');
        var digits = end < 0 ? line : line[..end];
        if (digits.Length is 0 or > 15 || !Utf8Parser.TryParse(digits, out long size, out var used, 'x') || used != digits.Length)
            Fail(ResponseFault.Chunk);
        else if (BodyBytes + size > _limits.MaxBodyBytes)
            Fail(ResponseFault.BodyTooLarge);
        else
            (_remaining, _step) = (size, size == 0 ? Step.Trailers : Step.ChunkData);
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected) =>
        text.Length == expected.Length && Ascii.EqualsIgnoreCase(text, expected);

    private static void Grow(ref byte[] buffer, int needed, int limit)
    {
        if (needed > buffer.Length)
            Array.Resize(ref buffer, Math.Min(Math.Max(needed, Math.Max(1024, buffer.Length * 2)), Math.Max(limit, needed)));
    }
}
