namespace CiliumDebugging.ServiceDefaults;

/// <summary>What a status says about a request.</summary>
public static class ResponseStatus
{
    /// <summary>Whether the request succeeded: 2xx and 3xx. A redirect that is not followed is an answer of the backend
    /// as another one is (vegeta, wrk and Envoy count alike). No status is 0.</summary>
    public static bool IsSuccess(int status) => status is >= 200 and < 400;
}
