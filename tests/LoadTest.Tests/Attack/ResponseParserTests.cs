using System.Text;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Responders;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class ResponseParserTests
{
    private static ResponseParser Parser(string rule = "default", ResponseLimits? limits = null)
    {
        var (parsed, problem) = ResponderRule.Parse(rule);
        problem.ShouldBeNull();
        return new ResponseParser(parsed, new ResponderNames(), limits);
    }

    private static (ParseState State, ResponseParser Parser, int Consumed) Parse(
        string response,
        string rule = "default",
        bool head = false,
        bool end = false
    )
    {
        var parser = Parser(rule);
        parser.Reset(head);
        var state = parser.Feed(Encoding.Latin1.GetBytes(response), out var consumed);
        return (end && state is ParseState.NeedMore ? parser.EndOfStream() : state, parser, consumed);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfoo", 200, 3, true)]
    [InlineData("HTTP/1.1 204\r\n\r\n", 204, 0, true)]
    [InlineData("HTTP/1.1 503 Service Unavailable\ncontent-length:0\n\n", 503, 0, true)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 1, false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\nx", 200, 1, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: foo, close\r\n\r\nx", 200, 1, false)]
    [InlineData(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nfoo\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n",
        200,
        13,
        true
    )]
    [InlineData(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n"
            + "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
        404,
        2,
        true
    )]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, 0, false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nfoo", 200, 3, true)]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\t: x\r\nContent-Length: 3\r\n\r\nfoo", 200, 3, true)]
    public void Complete_responses(string response, int status, int body, bool reusable)
    {
        var (state, parser, consumed) = Parse(response);
        state.ShouldBe(ParseState.Complete);
        (parser.Status, parser.BodyBytes, parser.CanReuseConnection).ShouldBe((status, body, reusable));
        consumed.ShouldBe(response.Length);
        parser.BytesConsumed.ShouldBe(response.Length);
    }

    [Theory]
    [InlineData("HTTP/2 200 OK\r\n", ResponseFault.StatusLine)]
    [InlineData("HTTP/1.1 20 OK\r\n", ResponseFault.StatusLine)]
    [InlineData("HTTP/1.1 2000 OK\r\n", ResponseFault.StatusLine)]
    [InlineData("HTTP/1.1 101 Switching\r\n", ResponseFault.StatusLine)]
    [InlineData("HTTP/1.1 099 Low\r\n", ResponseFault.StatusLine)]
    [InlineData("\r\n", ResponseFault.StatusLine)]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n", ResponseFault.Header)]
    [InlineData("HTTP/1.1 200 OK\r\n: empty\r\n", ResponseFault.Header)]
    [InlineData("HTTP/1.1 200 OK\r\n folded\r\n", ResponseFault.Header)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n", ResponseFault.Header)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\tchunked\r\n", ResponseFault.TransferEncoding)]
    [InlineData("HTTP/1.1 200 OK\r\nA : b\r\n", ResponseFault.Header)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", ResponseFault.ContentLength)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", ResponseFault.ContentLength)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n", ResponseFault.ContentLength)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", ResponseFault.BodyTooLarge)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", ResponseFault.TransferEncoding)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", ResponseFault.Chunk)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", ResponseFault.Chunk)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", ResponseFault.Chunk)]
    public void Malformed_responses_name_their_fault(string response, ResponseFault fault)
    {
        var (state, parser, _) = Parse(response);
        state.ShouldBe(ParseState.Malformed);
        parser.Fault.ShouldBe(fault);
    }

    [Fact]
    public void A_body_without_length_ends_with_the_stream_and_a_cut_one_does_not()
    {
        Parse("HTTP/1.1 200 OK\r\n\r\nabc", end: true).State.ShouldBe(ParseState.Complete);
        Parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", end: true).State.ShouldBe(ParseState.NeedMore);
        Parse("HTTP/1.1 200", end: true).State.ShouldBe(ParseState.NeedMore);
        Parse("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", head: true).State.ShouldBe(ParseState.Complete);
    }

    [Fact]
    public void Bytes_after_the_response_are_left_and_forbid_reuse()
    {
        var (state, parser, consumed) = Parse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP");
        (state, consumed, parser.CanReuseConnection).ShouldBe((ParseState.Complete, 39, false));
    }

    [Theory]
    [InlineData("default", "X-Pod: p-1\r\nX-Node: n-1\r\n", "foo host=other", "p-1", "n-1")]
    [InlineData("default", "", "foo host=p-2\n", "p-2", null)]
    [InlineData("default", "X-Node: n-1\r\n", "{\"a\":\"host=p-3\"}", "p-3", "n-1")]
    [InlineData("header:Server", "server:  envoy \r\n", "host=x", "envoy", null)]
    [InlineData(
        "json:$.pod.names.1",
        "X-Node: n\r\n",
        "{\"x\":{\"pod\":1},\"pod\":{\"names\":[{\"a\":[]},\"p-4\"]}}",
        "p-4",
        "n"
    )]
    [InlineData("json:pod", "", "{\"pod\":{}", null, null)]
    [InlineData("json:pod", "", "not json", null, null)]
    // TestServer's text is Latin-1: of "p\u00fc" in UTF-8 each byte is a character here.
    [InlineData("json:pod", "", "{\"pod\":\"ns\\/p\\u00fc\\ud83d\\ude00\"}", "ns/p\u00fc\ud83d\ude00", null)]
    [InlineData("json:pod", "", "{\"pod\":\"p\u00c3\u00bc\"}", "p\u00fc", null)]
    [InlineData("json:pod", "", "{\"pod\":\"p\u00fc\"}", "p\u00fc", null)]
    [InlineData("json:pod", "", "{\"pod\":\"a\\nb\"}", null, null)]
    [InlineData("json:pod", "", "{\"pod\":\"\\ud800\"}", null, null)]
    [InlineData("json:pod", "", "{\"\\ud800\":1,\"pod\":\"p\"}", null, null)]
    [InlineData("default", "X-Pod: p\u00c3\u00bc\r\nX-Node: n\u00fc\r\n", "", "p\u00fc", "n\u00fc")]
    [InlineData("default", "", "host=p\u00c3\u00a0 x", "p\u00e0", null)]
    [InlineData("regex:on (?<pod>\\S+)", "", "on p\u00c3\u00a0b x\u00c3", "p\u00e0b", null)]
    [InlineData("regex:on (?<pod>\\w+)", "", "on p\u00fcb\u00ff.", "p\u00fcb\u00ff", null)]
    [InlineData("regex:on (?<pod>\\S+) at (?<node>\\S+)", "", "served on p-5 at n-5.", "p-5", "n-5.")]
    [InlineData("regex:Hostname: (?<name>\\S+)", "", "Hostname: p-6\nIP: 1", "p-6", null)]
    public void The_responder_is_recognised(string rule, string headers, string body, string? pod, string? node)
    {
        var parser = Parse(TestServer.Ok(body, headers), rule).Parser;
        (parser.Pod, parser.Node).ShouldBe((pod, node));
    }

    [Theory]
    [InlineData("header:")]
    [InlineData("header:a b")]
    [InlineData("json:")]
    [InlineData("regex:(")]
    [InlineData("regex:no group")]
    [InlineData("xpath:/a")]
    public void A_bad_rule_is_quoted(string rule) => ResponderRule.Parse(rule).Problem!.ShouldContain($"'{rule}'");

    private static readonly Gen<string> s_responses = Gen.Select(
        Gen.Int[200, 599],
        Gen.Int[0, 3],
        Gen.Bool,
        Gen.String[Gen.Char['a', 'z'], 0, 300],
        Gen.Int[1, 50],
        (status, interims, chunked, body, chunk) =>
        {
            var text =
                string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\nX-Pod: no\r\n\r\n", interims))
                + $"HTTP/1.1 {status} Reason\r\nX-Pod: pod\r\n";
            if (status is 204 or 304)
                return text + "\r\n";
            return chunked
                ? $"{text}Transfer-Encoding: chunked\r\n\r\n{string.Concat(body.Chunk(chunk).Select(part => $"{part.Length:x}\r\n{new string(part)}\r\n"))}0\r\n\r\n"
                : $"{text}Content-Length: {body.Length}\r\n\r\n{body}";
        }
    );

    [Fact]
    public void Any_cut_of_the_stream_gives_the_same_result() =>
        Gen.Select(s_responses, Gen.Int[1, 40].Array[1, 20])
            .Sample(
                (text, cuts) =>
                {
                    var whole = Parser();
                    whole.Feed(Encoding.Latin1.GetBytes(text), out _).ShouldBe(ParseState.Complete);
                    var pieces = FeedInPieces(Parser(), Encoding.Latin1.GetBytes(text), cuts);
                    (pieces.Status, pieces.BodyBytes, pieces.BytesConsumed, pieces.Pod).ShouldBe(
                        (whole.Status, whole.BodyBytes, text.Length, "pod")
                    );
                },
                iter: 2000
            );

    [Fact]
    public void Mutated_responses_never_throw_and_never_consume_beyond_the_end() =>
        Gen.Select(s_responses, Gen.Select(Gen.Int[0, 400], Gen.Byte).Array[1, 6], Gen.Int[1, 40].Array[1, 20])
            .Sample(
                (text, mutations, cuts) =>
                {
                    var bytes = Encoding.Latin1.GetBytes(text);
                    foreach (var (at, value) in mutations)
                        bytes[at % bytes.Length] = value;
                    var whole = Parser();
                    var state = whole.Feed(bytes, out var consumed);
                    consumed.ShouldBeLessThanOrEqualTo(bytes.Length);
                    var pieces = FeedInPieces(Parser(), bytes, cuts);
                    (pieces.Fault, pieces.Status, pieces.BodyBytes).ShouldBe(
                        (whole.Fault, whole.Status, whole.BodyBytes)
                    );
                    (state is ParseState.Malformed).ShouldBe(whole.Fault is not ResponseFault.None);
                },
                iter: 5000
            );

    [Fact]
    public void Random_bytes_are_malformed_or_incomplete() =>
        Gen
            .Byte.Array[0, 500]
            .Sample(
                bytes =>
                {
                    var parser = Parser();
                    parser.Feed(bytes, out _).ShouldNotBe(ParseState.Complete);
                    parser.EndOfStream().ShouldNotBe(ParseState.Complete);
                },
                iter: 2000
            );

    [Fact]
    public void A_parser_that_is_used_again_allocates_nothing()
    {
        var parser = Parser();
        var answers = new[]
        {
            TestServer.Ok(),
            TestServer.Ok("host=p", ""),
            TestServer
                .Ok(headers: "Transfer-Encoding: chunked\r\nX-Pod: p\r\n")[..^3]
                .Replace("Content-Length: 3\r\n", "", StringComparison.Ordinal) + "3\r\nfoo\r\n0\r\n\r\n",
        }
            .Select(Encoding.Latin1.GetBytes)
            .ToArray();
        void Once()
        {
            foreach (var bytes in answers)
            {
                parser.Reset(false);
                parser.Feed(bytes.AsSpan(0, 30), out _);
                if (parser.Feed(bytes.AsSpan(30), out _) is not ParseState.Complete)
                    throw new InvalidOperationException("not complete");
            }
        }
        Once();
        Allocated
            .MinOfRuns(() =>
            {
                for (var i = 0; i < 1000; i++)
                    Once();
            })
            .ShouldBe(0);
    }

    private static ResponseParser FeedInPieces(ResponseParser parser, byte[] bytes, int[] cuts)
    {
        for (int at = 0, n = 0; at < bytes.Length; n++)
        {
            var take = Math.Min(cuts[n % cuts.Length], bytes.Length - at);
            if (parser.Feed(bytes.AsSpan(at, take), out _) is not ParseState.NeedMore)
                break;
            at += take;
        }
        return parser;
    }
}
