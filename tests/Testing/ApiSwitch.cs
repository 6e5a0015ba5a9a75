using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace CiliumDebugging.Testing;

/// <summary>
/// Sits between a client and its API server: it can refuse connections, answer itself and rewrite paths.
/// </summary>
internal sealed class ApiSwitch : DelegatingHandler
{
    /// <summary>No connection can be made.</summary>
    public bool IsOff { get; set; }

    /// <summary>Its own answer to a method and path; null: the server answers.</summary>
    public Func<string, string, (HttpStatusCode Status, string Json)?> Instead { get; set; } = (_, _) => null;

    /// <summary>Rewrites the path of the client.</summary>
    public Func<string, string> Path { get; set; } = path => path;

    /// <summary>Requests so far.</summary>
    public int Requests { get; private set; }

    /// <summary>A client of a fixture's server behind a switch.</summary>
    public static (Kubernetes Client, ApiSwitch Switch) For(ApiFixture api)
    {
        var between = new ApiSwitch();
        var configuration = new KubernetesClientConfiguration
        {
            Host = api.Server.Address.ToString().TrimEnd('/'),
            AccessToken = ApiFixture.Token,
            SslCaCerts = [X509Certificate2.CreateFromPem(ApiFixture.AuthorityPem)],
        };
        return (new Kubernetes(configuration, between), between);
    }

    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        Requests++;
        if (IsOff)
            throw new HttpRequestException("Connection refused");
        var url = request.RequestUri!;
        if (Instead(request.Method.Method, url.AbsolutePath) is { } answer)
        {
            var content = new StringContent(answer.Json, Encoding.UTF8, "application/json");
            return Task.FromResult(
                new HttpResponseMessage(answer.Status) { Content = content, RequestMessage = request }
            );
        }
        request.RequestUri = new Uri(url, Path(url.AbsolutePath) + url.Query);
        return base.SendAsync(request, cancellationToken);
    }
}
