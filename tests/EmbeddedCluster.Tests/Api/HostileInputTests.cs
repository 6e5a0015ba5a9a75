using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CiliumDebugging.EmbeddedCluster.Api;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.Testing;
using CsCheck;
using k8s;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class HostileInputTests
{
    /// <summary>Requests in the default run; the long run sets API_FUZZ_REQUESTS=100000.</summary>
    private static readonly int s_requests = int.Parse(
        Environment.GetEnvironmentVariable("API_FUZZ_REQUESTS") ?? "4000",
        null
    );

    private static readonly bool s_isFull = s_requests > 4_000;

    private const int BatchSize = 4_000;
    private const int Refused = 0;

    [Fact]
    public async Task Mutated_requests_never_give_a_500_nor_an_answer_without_the_token()
    {
        await using var api = await ApiFixture.StartAsync(
            limits: new ObjectStoreLimits { MaxObjects = 500, MaxBytes = 4 << 20 }
        );
        using var anonymous = ApiFixture.NewHttp(api.Server.Address);
        var answers = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        var requests = FuzzedRequest.Generator.Array[BatchSize];
        var memory = new List<long>();
        for (var sent = 0; sent < s_requests; sent += BatchSize)
        {
            await Parallel.ForEachAsync(
                requests.Single(),
                new ParallelOptions { MaxDegreeOfParallelism = 8 },
                async (request, cancel) =>
                {
                    var code = await AnswerAsync(
                        request.Authorized ? api.Http : anonymous,
                        api.Server.Address,
                        request,
                        cancel
                    );
                    answers.AddOrUpdate(code, 1, (_, c) => c + 1);
                    code.ShouldNotBe(500, request.ToString());
                    if (
                        !request.Authorized
                        && code != Refused
                        && !request.Path.StartsWith("/version", StringComparison.Ordinal)
                    )
                        code.ShouldBeOneOf([401, 400], request.ToString());
                }
            );
            memory.Add(GC.GetTotalMemory(forceFullCollection: s_isFull));
        }
        TestContext.Current.TestOutputHelper!.WriteLine(
            string.Join(", ", answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))
        );
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"memory after the first {BatchSize} requests {memory[0] >> 20} MiB, most {memory.Max() >> 20} MiB, "
                + $"at the end {memory[^1] >> 20} MiB"
        );
        answers.Keys.ShouldContain(201);
        if (s_isFull)
            memory.Max().ShouldBeLessThan(memory[0] + (64 << 20));

        // Whatever was stored can still be read by the typed client.
        (
            await api.Client.CoreV1.ListPodForAllNamespacesAsync(
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).ShouldNotBeNull();
        (
            await api.Client.AppsV1.ListDeploymentForAllNamespacesAsync(
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).ShouldNotBeNull();
    }

    /// <summary>
    /// The status code of the answer; <see cref="Refused"/> when the server did not even read the body.
    /// </summary>
    private static async Task<int> AnswerAsync(
        HttpClient http,
        Uri server,
        FuzzedRequest request,
        CancellationToken cancel
    )
    {
        using var message = new HttpRequestMessage(
            new HttpMethod(request.Method),
            new Uri($"{server.GetLeftPart(UriPartial.Authority)}{request.Path}?{request.Query}")
        );
        if (request.Method is not ("GET" or "HEAD"))
        {
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.Type);
        }
        if (request.Table)
            message.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        try
        {
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException) when (request.Body.Length > 64 * 1024)
        {
            // Refused before the body was read, and the connection closed on the sender.
            return Refused;
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong-token-of-some-length")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    [InlineData("Bearer a-token-for-tests-onl")]
    public async Task Without_the_right_token_only_health_and_version_answer(string? authorization)
    {
        await using var api = await ApiFixture.StartAsync();
        using var http = ApiFixture.NewHttp(api.Server.Address);
        if (authorization is not null)
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        foreach (var open in (string[])["/livez", "/readyz", "/healthz", "/version"])
            (await http.GetAsync(open, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (
            var closed in (string[])
                [
                    "/",
                    "/api",
                    "/apis",
                    "/openapi/v3",
                    "/api/v1/pods",
                    "/api/v1/pods?watch=1",
                    "/nope",
                    "/api/v1/namespaces/default/pods/p/proxy/",
                ]
        )
        {
            using var response = await http.GetAsync(closed, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(
                "\"reason\":\"Unauthorized\""
            );
        }
    }

    [Fact]
    public async Task A_body_above_three_mebibytes_is_413_and_one_of_unknown_type_415()
    {
        await using var api = await ApiFixture.StartAsync();
        (
            await AnswerAsync(async () =>
                (HttpStatusCode)
                    (
                        await api.SendAsync(
                            "POST",
                            "/api/v1/namespaces/default/configmaps",
                            new string(' ', RequestBodyLimit + 1)
                        )
                    ).Code
            )
        ).ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await api.SendAsync("POST", "/api/v1/namespaces/default/configmaps", "{}", "text/plain")).Code.ShouldBe(415);
        (
            await AnswerAsync(async () =>
            {
                using var unsized = new HttpRequestMessage(HttpMethod.Post, "/api/v1/namespaces/default/configmaps")
                {
                    Content = new StreamContent(new MemoryStream(new byte[RequestBodyLimit + 1])),
                };
                unsized.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                unsized.Headers.TransferEncodingChunked = true;
                return (await api.Http.SendAsync(unsized, TestContext.Current.CancellationToken)).StatusCode;
            })
        ).ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    /// <summary>
    /// The answer to a request whose body the server does not read to its end. It may hang up while the client still
    /// sends, and the client then sees no answer: such an attempt says nothing, so it is made again.
    /// </summary>
    private static async Task<HttpStatusCode> AnswerAsync(Func<Task<HttpStatusCode>> send)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send();
            }
            catch (HttpRequestException) when (attempt < 20) { }
        }
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_is_given_up_within_seconds()
    {
        await using var server = await StartAsync();
        using var client = await SendPartAsync(server, declared: 1000, sent: 1);
        (await StatusLineAsync(client)).ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    [Fact]
    public async Task Hundreds_of_bodies_that_come_slowly_do_not_keep_others_out()
    {
        await using var server = await StartAsync();
        var slow = new List<IDisposable>();
        for (var i = 0; i < 300; i++)
            slow.Add(await SendPartAsync(server, declared: RequestBodyLimit, sent: 1000));

        using var client = await SendPartAsync(server, declared: 2, sent: 2);
        // An empty object has no name, but it was read.
        (await StatusLineAsync(client)).ShouldBe("HTTP/1.1 422 Unprocessable Entity");
        slow.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Bodies_take_no_more_memory_together_than_they_may_and_give_it_back()
    {
        await using var server = await StartAsync(maxBodyBytes: 1000);
        using (var slow = await SendPartAsync(server, declared: 2000, sent: 900))
            await UntilAsync(server, "HTTP/1.1 429 Too Many Requests");
        await UntilAsync(server, "HTTP/1.1 422 Unprocessable Entity");
    }

    /// <summary>
    /// Sends bodies of 200 bytes until one is answered so: the server has to read what came before first.
    /// </summary>
    private static async Task UntilAsync(ApiServer server, string expected)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string? answer = null;
        while (answer != expected)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"the last answer was {answer}");
            using var client = await SendPartAsync(server, declared: 200, sent: 200);
            answer = await StatusLineAsync(client);
        }
    }

    private static Task<ApiServer> StartAsync(long? maxBodyBytes = null)
    {
        var options = new ApiServerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Token = ApiFixture.Token };
        return ApiServer.StartAsync(
            options with
            {
                MaxBodyBytes = maxBodyBytes ?? options.MaxBodyBytes,
            },
            new ObjectStore(TimeProvider.System),
            null,
            TestContext.Current.CancellationToken
        );
    }

    /// <summary>Sends the head of a request and the first bytes of its body, an object that is blank so far.</summary>
    private static async Task<System.Net.Sockets.TcpClient> SendPartAsync(ApiServer server, int declared, int sent)
    {
        var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var body = "{".PadRight(declared - 1) + "}";
        var head =
            $"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ApiFixture.Token}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {declared}\r\n\r\n";
        await client
            .GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes(head + body[..sent]), TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task<string?> StatusLineAsync(System.Net.Sockets.TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream());
        return await reader
            .ReadLineAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    private const int RequestBodyLimit = 3 << 20;
}
