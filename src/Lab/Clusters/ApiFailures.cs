using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>How requests to an API server fail, and which failures pass.</summary>
public static class ApiFailures
{
    /// <summary>A request failed: there was no answer, a refusal, or an answer that is not Kubernetes'.</summary>
    public static bool Is(Exception failure) =>
        failure
            is HttpRequestException
                or HttpOperationException
                or IOException
                or JsonException
                or KubernetesException;

    /// <summary>The same request may succeed later; a refusal stays one.</summary>
    public static bool MayPass(Exception failure) =>
        failure switch
        {
            HttpOperationException refused => MayPass(refused.Response.StatusCode),
            HttpRequestException { StatusCode: { } status } => MayPass(status),
            OperationCanceledException or SocketException => true,
            _ => Is(failure),
        };

    /// <summary>The server, or a gateway before it, has too much to do or is being restarted.</summary>
    public static bool MayPass(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary>One sentence for the user: what failed, and the server's words.</summary>
    /// <param name="failure">Where <see cref="Is"/> or a time-out.</param>
    public static string Describe(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure switch
        {
            HttpRequestException { StatusCode: null, HttpRequestError: not HttpRequestError.InvalidResponse } =>
                $"the cluster cannot be reached: {ApiMessages.Of(failure)}",
            OperationCanceledException => "the cluster did not answer in time",
            JsonException => "the cluster's API answered with something else than an object of Kubernetes",
            _ => ApiMessages.Of(failure),
        };
    }
}
