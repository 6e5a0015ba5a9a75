using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using k8s;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.Testing;

/// <summary>A server on a free port, with a client of each kind.</summary>
internal sealed class ApiFixture : IAsyncDisposable
{
    public const string Token = "a-token-for-tests-only";

    private static readonly ServingCertificate s_certificate = ServingCertificate.Generate(TimeProvider.System);

    private ApiFixture(ObjectStore store, ApiServer server)
    {
        (Store, Server) = (store, server);
        Client = ApiClient.Create(server.Address, Token, s_certificate.AuthorityPem);
        Http = NewHttp(server.Address);
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public ObjectStore Store { get; }

    public ApiServer Server { get; }

    public Kubernetes Client { get; }

    public HttpClient Http { get; }

    public static async Task<ApiFixture> StartAsync(
        IPodProxy? pods = null,
        ObjectStoreLimits? limits = null,
        IPodLogs? logs = null,
        ILoggerFactory? loggers = null
    )
    {
        var store = new ObjectStore(TimeProvider.System, limits);
        var options = new ApiServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Token = Token,
            PodProxy = pods,
            PodLogs = logs,
            Certificate = s_certificate,
        };
        return new ApiFixture(
            store,
            await ApiServer.StartAsync(options, store, loggers, TestContext.Current.CancellationToken)
        );
    }

    public static string AuthorityPem => s_certificate.AuthorityPem;

    /// <summary>A client without a token that trusts the server.</summary>
    public static HttpClient NewHttp(Uri address) => NewHttp(address, AuthorityPem);

    /// <summary>A client without a token that trusts a server of another authority.</summary>
    public static HttpClient NewHttp(Uri address, string authorityPem) =>
        new(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    CertificateChainPolicy = new X509ChainPolicy
                    {
                        TrustMode = X509ChainTrustMode.CustomRootTrust,
                        CustomTrustStore = { X509Certificate2.CreateFromPem(authorityPem) },
                        RevocationMode = X509RevocationMode.NoCheck,
                    },
                },
            }
        )
        {
            BaseAddress = address,
        };

    /// <summary>Sends a request and gives status code and JSON.</summary>
    public async Task<(int Code, JsonNode? Json)> SendAsync(
        string method,
        string path,
        string? body = null,
        string mediaType = "application/json",
        string? accept = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, mediaType);
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null);
    }

    public static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    public static JsonObject ConfigMap(string name, string value = "") =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["data"] = new JsonObject { ["value"] = value },
        };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Client.Dispose();
        await Server.DisposeAsync();
    }
}
