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
    private static readonly int s_requests = int.TryParse(
        Environment.GetEnvironmentVariable("API_FUZZ_REQUESTS"),
        out var n
    )
        ? n
        : 4_000;

    private static readonly bool s_isFull = s_requests > 4_000;

    private const int BatchSize = 4_000;
    private const int Refused = 0;

    private static readonly string[] s_paths =
    [
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps/v1",
        "/openapi/v3",
        "/openapi/v3/api/v1",
        "/openapi/v2",
        "/version",
        "/metrics",
        "/",
        "//",
        "/api/v1/",
        "/api/v1//",
        "/api/v1/namespaces/default/pods",
        "/api/v1/namespaces/default/pods/p",
        "/api/v1/namespaces/default/pods/p/status",
        "/api/v1/namespaces/default/pods/p/proxy/x",
        "/api/v1/namespaces/default/pods/p:99999/proxy",
        "/api/v1/namespaces/default/pods/a:b:c:d/proxy/",
        "/api/v1/namespaces/default/pods/p/exec",
        "/api/v1/pods",
        "/api/v1/namespaces/default/services/s",
        "/api/v1/namespaces/default/configmaps",
        "/api/v1/namespaces/default/configmaps/c",
        "/api/v1/namespaces",
        "/api/v1/namespaces/x",
        "/api/v1/namespaces/default/status",
        "/api/v1/nodes/n",
        "/apis/apps/v1/namespaces/default/deployments/d",
        "/apis/apps/v1/namespaces/default/deployments/d/scale",
        "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies",
        "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/l7",
        "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies/x",
        "/apis/coordination.k8s.io/v1/namespaces/default/leases/l",
        "/api/v1/namespaces/%00/pods",
        "/api/v1/namespaces/default/pods/%2e%2e%2f",
        "/api/v1/namespaces/default/configmaps/" + new string('a', 4000),
        "/api/v1/namespaces/default/events",
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/e",
        "/apis/nope/v1/x",
        "/api/v2/pods",
    ];

    private static readonly string[] s_queries =
    [
        "",
        "limit=1",
        "limit=-1",
        "limit=99999999999",
        "continue=%%%",
        "continue=e30=",
        "continue=eyJydiI6MSwibnMiOiIiLCJuYW1lIjoiIn0=",
        "resourceVersion=x",
        "resourceVersion=99999999999999999999",
        "resourceVersion=0",
        "labelSelector=a+in+(",
        "labelSelector=" + "a,",
        "labelSelector=a>999999999999999999999",
        "fieldSelector=spec.x=1",
        "fieldSelector=metadata.name=p",
        "labelSelector=%00",
        "dryRun=All",
        "dryRun=x",
        "fieldValidation=Strict",
        "fieldValidation=x",
        "fieldManager=m&force=true",
        "fieldManager=%0d%0a",
        "force=maybe",
        "watch=true&timeoutSeconds=1&resourceVersion=1&sendInitialEvents=x",
        "resourceVersionMatch=Exact&resourceVersion=1",
        "propagationPolicy=x",
        "includeObject=Object",
        "pretty=true",
        "a=%ff%fe",
    ];

    private static readonly string[] s_types =
    [
        "application/json",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
        "application/vnd.kubernetes.protobuf",
        "text/plain",
        "application/json; charset=utf-16",
    ];

    private static readonly string[] s_bodies =
    [
        "",
        "{}",
        "[]",
        "null",
        "1",
        "\"\"",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"metadata\":null}",
        "{\"metadata\":[]}",
        "{\"metadata\":{\"name\":1}}",
        "{\"metadata\":{\"name\":\"c\",\"labels\":{\"a\":1}}}",
        "{\"metadata\":{\"name\":\"\\ud800\"}}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"finalizers\":[\"a/b\"]},\"spec\":{\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":8080}]}]}}",
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"c\",\"managedFields\":[{\"fieldsV1\":{\"f:data\":{\"\":1}}},{}]},\"data\":{\"a\":\"b\"}}",
        "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":1e3,\"selector\":{},\"template\":{\"spec\":{\"containers\":[null]}}}}",
        "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":3,\"selector\":{},\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"x\"},{\"name\":\"x\"}]}]}}}}",
        "{\"metadata\":{\"generateName\":\"c-\"},\"data\":{\"x\":\"y\"}}",
        "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"metadata\":{\"name\":\"l7\"},\"spec\":1}",
        "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"metadata\":{\"name\":\"l7\"},\"status\":{\"conditions\":1},\"spec\":{\"a\":[1,[2,{\"b\":null}]]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"c\",\"$patch\":\"delete\"}],\"$patch\":\"bogus\"}}",
        "{\"spec\":{\"$retainKeys\":[1,null],\"containers\":[1]}}",
        "{\"spec\":{\"$patch\":\"replace\"}}",
        "{\"$patch\":\"delete\"}",
        "[{\"op\":\"add\",\"path\":\"/data/x\",\"value\":{\"deep\":1}}]",
        "[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/x\"},{\"op\":\"copy\",\"from\":\"\",\"path\":\"/y\"},{\"op\":\"copy\",\"from\":\"\",\"path\":\"/z\"}]",
        "[{\"op\":\"remove\",\"path\":\"\"}]",
        "[{\"op\":\"remove\",\"path\":\"/metadata\"}]",
        "[{\"op\":\"replace\",\"path\":\"/kind\",\"value\":\"X\"}]",
        "[{\"op\":\"move\",\"from\":\"/metadata\",\"path\":\"/metadata/x\"}]",
        "[null]",
        "[{\"op\":1}]",
        "{\"status\":{\"phase\":{}}}",
        "{\"status\":null}",
        "{\"metadata\":{\"resourceVersion\":\"-1\"}}",
        "{\"spec\":{\"replicas\":-1}}",
        "a: &a [*a]",
        "a: &a {x: 1}\nb: [*a, *a]\n? [1]\n: 2",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {a: b}",
        "{\"preconditions\":1}",
        "{\"propagationPolicy\":[]}",
        "{\"dryRun\":\"x\",\"preconditions\":{\"uid\":1}}",
        new string('[', 100_000),
        "{\"a\":" + new string('9', 10_000) + "}",
    ];

    /// <summary>Requests that make sense, so that the mutated ones meet objects.</summary>
    private static readonly (string Method, string Path, string Type, string Body)[] s_sensible =
    [
        (
            "POST",
            "/api/v1/namespaces/default/configmaps",
            "application/json",
            "{\"metadata\":{\"generateName\":\"c-\"},\"data\":{\"x\":\"y\"}}"
        ),
        (
            "POST",
            "/api/v1/namespaces/default/configmaps",
            "application/json",
            "{\"metadata\":{\"name\":\"c\"},\"data\":{\"x\":\"y\"}}"
        ),
        (
            "POST",
            "/api/v1/namespaces/default/pods",
            "application/json",
            "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}"
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/pods/p/status",
            "application/merge-patch+json",
            "{\"status\":{\"phase\":\"Running\",\"podIP\":\"1.2.3.4\"}}"
        ),
        (
            "PATCH",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json-patch+json",
            "[{\"op\":\"add\",\"path\":\"/data/z\",\"value\":\"1\"}]"
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/default/deployments/d",
            "application/strategic-merge-patch+json",
            "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\"}]}}}}"
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/default/deployments/d",
            "application/apply-patch+yaml",
            "{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"spec\":{\"selector\":{},\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":1}]}]}}}}"
        ),
        (
            "PATCH",
            "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/l7",
            "application/apply-patch+yaml",
            "{\"kind\":\"CiliumNetworkPolicy\",\"apiVersion\":\"cilium.io/v2\",\"spec\":{\"a\":[1]}}"
        ),
        (
            "PUT",
            "/apis/apps/v1/namespaces/default/deployments/d/scale",
            "application/json",
            "{\"spec\":{\"replicas\":4}}"
        ),
        (
            "PUT",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json",
            "{\"metadata\":{\"name\":\"c\"},\"data\":{\"x\":\"z\"}}"
        ),
        (
            "DELETE",
            "/api/v1/namespaces/default/configmaps/c",
            "application/json",
            "{\"propagationPolicy\":\"Foreground\"}"
        ),
        ("DELETE", "/api/v1/namespaces/default/pods", "application/json", ""),
        ("GET", "/apis/apps/v1/deployments", "application/json", ""),
    ];

    private static readonly Gen<Request> s_sensibleRequest =
        from at in Gen.Int[0, s_sensible.Length - 1]
        from manager in Of("fieldManager=a", "fieldManager=b&force=true", "fieldManager=c&fieldValidation=Strict")
        from noise in Gen.Byte.Array[0, 3]
        from position in Gen.Int[0, 200]
        from table in Gen.Bool
        select new Request(
            s_sensible[at].Method,
            s_sensible[at].Path,
            manager,
            s_sensible[at].Type,
            Mutate(s_sensible[at].Body, noise, position),
            true,
            table
        );

    private static readonly Gen<Request> s_anyRequest =
        from method in Of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO")
        from path in Of(s_paths)
        from query in Of(s_queries)
        from type in Of(s_types)
        from body in Of(s_bodies)
        from noise in Gen.Byte.Array[0, 4]
        from at in Gen.Int[0, 200]
        from auth in Gen.Frequency((9, Gen.Const(true)), (1, Gen.Const(false)))
        from table in Gen.Bool
        select new Request(method, path, query, type, Mutate(body, noise, at), auth, table);

    [Fact]
    public async Task Mutated_requests_never_give_a_500_nor_an_answer_without_the_token()
    {
        await using var api = await ApiFixture.StartAsync(
            limits: new ObjectStoreLimits { MaxObjects = 500, MaxBytes = 4 << 20 }
        );
        using var anonymous = ApiFixture.NewHttp(api.Server.Address);
        var answers = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        var requests = Gen.OneOf(s_sensibleRequest, s_anyRequest).Array[BatchSize];
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
            $"memory after the first {BatchSize} requests {memory[0] >> 20} MiB, most {memory.Max() >> 20} MiB, at the end {memory[^1] >> 20} MiB"
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

    /// <summary>The status code of the answer; <see cref="Refused"/> when the server did not even read the body.</summary>
    private static async Task<int> AnswerAsync(HttpClient http, Uri server, Request request, CancellationToken cancel)
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
    /// The answer to a request whose body the server does not read to its end. It may hang up while the client still sends, and the client then sees no answer: such an attempt tells nothing, so it is made again.
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
        var options = new ApiServerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), Token = ApiFixture.Token };
        await using var server = await ApiServer.StartAsync(
            options,
            new ObjectStore(TimeProvider.System),
            null,
            TestContext.Current.CancellationToken
        );
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        await client
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ApiFixture.Token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
                ),
                TestContext.Current.CancellationToken
            );
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader
            .ReadLineAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        answer.ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    [Fact]
    public async Task What_is_not_served_is_refused_as_a_real_server_refuses_it()
    {
        await using var api = await ApiFixture.StartAsync();
        (await api.SendAsync("GET", "/api/v1/namespaces/default/secrets")).Code.ShouldBe(404);
        (await api.SendAsync("POST", "/api/v1/pods", "{}")).Code.ShouldBe(405);
        (await api.SendAsync("PUT", "/api/v1/namespaces/default/pods", "{}")).Code.ShouldBe(405);
        (await api.SendAsync("GET", "/api/v1/pods", accept: "application/vnd.kubernetes.protobuf")).Code.ShouldBe(406);
        var (code, invalid) = await api.SendAsync(
            "POST",
            "/api/v1/namespaces/default/configmaps",
            """{"metadata":{"name":"Bad_Name","labels":{"a b":"c"}}}"""
        );
        code.ShouldBe(422);
        invalid!["details"]!["causes"]!
            .AsArray()
            .Select(c => c!["field"]!.GetValue<string>())
            .ShouldBe(["metadata.name", "metadata.labels"]);
        (
            await api.SendAsync(
                "PATCH",
                "/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/x",
                "{}",
                "application/strategic-merge-patch+json"
            )
        ).Code.ShouldBe(415);
        const string SelectsOthers =
            """{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"1"}},"template":{"metadata":{"labels":{"a":"2"}},"spec":{"containers":[{"name":"c"}]}}}}""";
        (code, invalid) = await api.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments", SelectsOthers);
        (code, invalid!["details"]!["causes"]![0]!["field"]!.GetValue<string>()).ShouldBe(
            (422, "spec.template.metadata.labels")
        );
        (await api.SendAsync("DELETE", "/api/v1/namespaces/default")).Code.ShouldBe(403);
        (await api.SendAsync("GET", "/api/v1/namespaces/default/pods/p/exec")).Code.ShouldBe(501);
    }

    [Theory]
    [InlineData(
        "/api/v1/namespaces/default/services",
        """{"metadata":{"name":"s"},"spec":{"ports":[{"port":80},{"port":0}]}}""",
        "spec.ports[1].port"
    )]
    [InlineData(
        "/api/v1/namespaces/default/pods",
        """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"},{"name":"c"}]}}""",
        "spec.containers.name"
    )]
    [InlineData(
        "/apis/apps/v1/namespaces/default/deployments",
        """{"metadata":{"name":"d"},"spec":{"replicas":-1,"selector":{"matchLabels":{"a":"1"}},"template":{"metadata":{"labels":{"a":"1"}},"spec":{"containers":[{"name":"c"}]}}}}""",
        "spec.replicas"
    )]
    [InlineData(
        "/apis/batch/v1/namespaces/default/jobs",
        """{"metadata":{"name":"j"},"spec":{"completions":-1,"template":{"spec":{"containers":[{"name":"c"}]}}}}""",
        "spec.completions"
    )]
    public async Task A_value_that_cannot_be_is_422_and_names_its_field(string path, string body, string field)
    {
        await using var api = await ApiFixture.StartAsync();
        var (code, invalid) = await api.SendAsync("POST", path, body);
        (code, invalid!["details"]!["causes"]![0]!["field"]!.GetValue<string>()).ShouldBe((422, field));
    }

    [Fact]
    public async Task A_pod_does_not_change_its_node_and_yaml_is_read_as_json_is()
    {
        await using var api = await ApiFixture.StartAsync();
        (
            await api.SendAsync(
                "POST",
                "/api/v1/namespaces/default/pods",
                "metadata: {name: p}\nspec: {nodeName: one, containers: [{name: c}]}\n",
                "application/yaml"
            )
        ).Code.ShouldBe(201);
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/pods/p",
                """{"spec":{"nodeName":"other"}}""",
                "application/merge-patch+json"
            )
        ).Code.ShouldBe(422);
        (
            await api.SendAsync(
                "PATCH",
                "/api/v1/namespaces/default/pods/p",
                """{"metadata":{"annotations":{"a":"b"}}}""",
                "application/merge-patch+json"
            )
        ).Code.ShouldBe(200);
    }

    private const int RequestBodyLimit = 3 << 20;

    private static Gen<string> Of(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static byte[] Mutate(string body, byte[] noise, int at)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        for (var i = 0; i < noise.Length / 2 && bytes.Length > 0; i++)
            bytes[(at + i) % bytes.Length] = noise[i];
        return bytes;
    }

    private sealed record Request(
        string Method,
        string Path,
        string Query,
        string Type,
        byte[] Body,
        bool Authorized,
        bool Table
    )
    {
        public override string ToString() =>
            $"{Method} {Path}?{Query} ({Type}) {Encoding.UTF8.GetString(Body, 0, Math.Min(Body.Length, 500))}";
    }
}
