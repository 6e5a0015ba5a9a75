using System.Buffers.Text;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Responders;

namespace CiliumDebugging.LoadTest.Attack.Http;

/// <summary>What the status line and the headers of one response, or interim response, say. Each line is taken apart
/// once and answered with what is wrong with it. A mutable struct: keep it in a field.</summary>
/// <param name="rule">Which headers name the responder.</param>
/// <param name="names">Table of names.</param>
internal struct ResponseHead(ResponderRule rule, ResponderNames names)
{
    private bool _keepAliveAsked;
    private bool _closeAsked;
    private bool _http10;
    private bool _mayFold;

    /// <summary>Status code; 0 before the status line.</summary>
    public int Status { get; private set; }

    /// <summary>Content-Length; -1 when there is none.</summary>
    public long ContentLength { get; private set; }

    /// <summary>Whether the body is chunked.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Pod and node that the headers name; null when they do not.</summary>
    public string? Pod { get; set; }

    /// <inheritdoc cref="Pod"/>
    public string? Node { get; set; }

    /// <summary>True for a response that announces what happens before the final one.</summary>
    public readonly bool IsInterim => Status < 200;

    /// <summary>True when a response with this status has no body, whatever its headers say.</summary>
    public readonly bool HasNoBody => Status is 204 or 304;

    /// <summary>Whether the server keeps the connection open, as far as the head says.</summary>
    public readonly bool KeepsConnection =>
        !_closeAsked
        && (!_http10 || _keepAliveAsked)
        // Transfer-Encoding overrides Content-Length (RFC 9112 §6.3); such a connection is not to be trusted with
        // another request.
        && !(IsChunked && ContentLength >= 0);

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        (Status, ContentLength, IsChunked, Pod, Node) = (0, -1, false, null, null);
        _keepAliveAsked = _closeAsked = _http10 = _mayFold = false;
    }

    /// <summary>Takes the status line: <c>HTTP/1.x SSS</c> and then nothing or a space and a reason.</summary>
    public ResponseFault TakeStatusLine(ReadOnlySpan<byte> line)
    {
        if (
            line.Length < 12
            || !line.StartsWith("HTTP/1."u8)
            || line[7] is not ((byte)'0' or (byte)'1')
            || line[8] != ' '
            || (line.Length > 12 && line[12] != ' ')
            || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var digits)
            || digits != 3
            || status is < 100 or 101
        )
            return ResponseFault.StatusLine;
        _http10 = line[7] == '0';
        Status = status;
        return ResponseFault.None;
    }

    /// <summary>Takes a header line, not empty.</summary>
    public ResponseFault TakeHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(HttpToken.Bytes) || line.ContainsAny((byte)'\r', (byte)0))
            return ResponseFault.Header;
        var name = line[..colon];
        var value = line[(colon + 1)..].Trim(" \t"u8);
        _mayFold =
            !Is(name, rule.PodHeader)
            && !Is(name, rule.NodeHeader)
            && !Is(name, "Content-Length"u8)
            && !Is(name, "Transfer-Encoding"u8)
            && !Is(name, "Connection"u8);
        if (rule.PodHeader.Length > 0 && Pod is null && Is(name, rule.PodHeader))
            Pod = names.Get(value);
        if (Node is null && Is(name, rule.NodeHeader))
            Node = names.Get(value);
        if (Is(name, "Content-Length"u8))
            return TakeContentLength(value);
        if (Is(name, "Transfer-Encoding"u8))
            return TakeTransferEncoding(value);
        if (Is(name, "Connection"u8))
            TakeConnection(value);
        return ResponseFault.None;
    }

    /// <summary>
    /// Takes a line that continues the header before it: a client reads the fold as spaces (RFC 9112, 5.2). It is
    /// refused where the header says how the response is framed or who sent it, and where there is none.
    /// </summary>
    public readonly ResponseFault TakeFold() => _mayFold ? ResponseFault.None : ResponseFault.Header;

    private ResponseFault TakeContentLength(ReadOnlySpan<byte> value)
    {
        if (
            value.Length is 0 or > 18
            || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long length, out _)
            || (ContentLength >= 0 && ContentLength != length)
        )
            return ResponseFault.ContentLength;
        ContentLength = length;
        return ResponseFault.None;
    }

    private ResponseFault TakeTransferEncoding(ReadOnlySpan<byte> value)
    {
        if (IsChunked || !Is(value, "chunked"u8))
            return ResponseFault.TransferEncoding;
        IsChunked = true;
        return ResponseFault.None;
    }

    private void TakeConnection(ReadOnlySpan<byte> value)
    {
        foreach (var part in value.Split((byte)','))
        {
            var token = value[part].Trim(" \t"u8);
            _closeAsked |= Is(token, "close"u8);
            _keepAliveAsked |= Is(token, "keep-alive"u8);
        }
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> expected) =>
        text.Length == expected.Length && Ascii.EqualsIgnoreCase(text, expected);
}
