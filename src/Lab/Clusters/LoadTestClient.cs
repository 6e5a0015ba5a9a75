using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Controls a load-test Pod.</summary>
public sealed class LoadTestClient(PodProxyClient proxy, string ns, string pod)
{
    /// <summary>Starts an attack.</summary>
    public Task<AttackState> StartAsync(AttackOrder order, CancellationToken cancellationToken) =>
        StateAsync(
            HttpMethod.Post,
            "/attack",
            new StringContent(
                JsonSerializer.Serialize(order, PodJson.Default.AttackOrder),
                Encoding.UTF8,
                "application/json"
            ),
            cancellationToken
        );

    /// <summary>The attack's state now.</summary>
    public Task<AttackState> StateAsync(CancellationToken cancellationToken) =>
        StateAsync(HttpMethod.Get, "/attack", null, cancellationToken);

    /// <summary>Drains the attack: returns when every request has its outcome.</summary>
    public Task<AttackState> StopAsync(CancellationToken cancellationToken) =>
        StateAsync(HttpMethod.Post, "/attack/stop", null, cancellationToken);

    /// <summary>Follows the records until the attack has ended.</summary>
    /// <param name="record">Called for each record, in the order of completion.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidDataException">Records were lost because this reader was too slow.</exception>
    public async Task FollowAsync(Action<RecordLine> record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        using var response = await proxy.SendAsync(
            HttpMethod.Get,
            ns,
            pod,
            LoadTestPorts.Control,
            "/attack/records",
            null,
            cancellationToken
        );
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var lines = new StreamReader(stream, Encoding.UTF8);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("{\"missed\"", StringComparison.Ordinal))
                throw new InvalidDataException($"the load test's records came faster than they were read: {line}");
            if (JsonSerializer.Deserialize(line, PodJson.Default.RecordLine) is { } one)
                record(one);
        }
    }

    private async Task<AttackState> StateAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        using var response = await proxy.SendAsync(
            method,
            ns,
            pod,
            LoadTestPorts.Control,
            path,
            content,
            cancellationToken
        );
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return JsonSerializer.Deserialize(text, PodJson.Default.AttackState)
            ?? throw new InvalidDataException($"pod {ns}/{pod} did not answer with an attack state: {text}");
    }
}
