using System.Net;
using System.Text.Json;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s;
using k8s.Autorest;
using k8s.Exceptions;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Reads from the API server, with a limit of time and with failures as <see cref="ObservationException"/>.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="timeout">Limit of each request.</param>
/// <param name="time">Time source.</param>
internal sealed class ApiReader(Kubernetes cluster, TimeSpan timeout, TimeProvider time)
{
    /// <param name="what">The object, for messages.</param>
    /// <param name="get">The request.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ObservationException">It cannot be read.</exception>
    public async Task<T> GetAsync<T>(
        string what,
        Func<Kubernetes, CancellationToken, Task<T>> get,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await get(cluster, either.Token);
        }
        catch (HttpOperationException e)
        {
            var (problem, remedy) = Explain(e.Response.StatusCode);
            var answered = $"{cluster.BaseUri} answered {(int)e.Response.StatusCode}";
            throw new ObservationException($"{what}: {answered}; {remedy}", e, problem);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObservationException($"{what}: {cluster.BaseUri} did not answer in time", e);
        }
        catch (Exception e) when (IsFailedRequest(e))
        {
            throw new ObservationException($"{what}: {cluster.BaseUri} cannot be read: {e.Cause()}", e);
        }
    }

    private static bool IsFailedRequest(Exception e) =>
        e is HttpRequestException or IOException or JsonException or KubernetesException or KubeConfigException;

    private static (ObservationProblem Problem, string Remedy) Explain(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.NotFound => (
                ObservationProblem.NotFound,
                "it does not exist: check the namespace and the name (namespace/name)"
            ),
            HttpStatusCode.Forbidden => (
                ObservationProblem.Forbidden,
                "this user may not read it: docs/observe.md lists what observe reads"
            ),
            HttpStatusCode.Unauthorized => (
                ObservationProblem.Unreachable,
                "the credentials of the kubeconfig are not accepted"
            ),
            _ => (ObservationProblem.Unreachable, "see the API server's log"),
        };
}
