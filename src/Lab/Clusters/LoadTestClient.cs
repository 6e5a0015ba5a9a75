using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Controls a load-test Pod.</summary>
public sealed class LoadTestClient(PodProxyClient proxy, string ns, string pod)
{
    private static readonly TimeSpan s_reconnectLimit = TimeSpan.FromSeconds(90),
        s_reconnectInterval = TimeSpan.FromMilliseconds(250);

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

    /// <summary>The state of the current or last attack; null when there was none.</summary>
    public async Task<AttackState?> TryStateAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StateAsync(cancellationToken);
        }
        catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Drains the attack: returns when every request has its outcome.</summary>
    public Task<AttackState> StopAsync(CancellationToken cancellationToken) =>
        StateAsync(HttpMethod.Post, "/attack/stop", null, cancellationToken);

    /// <summary>
    /// Follows the records until the attack has ended. While the API server is away it tries to connect again, and goes
    /// on where it was.
    /// </summary>
    /// <param name="record">Called for each record, in the order of completion.</param>
    /// <param name="time">Time source.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidDataException">Records were lost because this reader was too slow.</exception>
    /// <exception cref="HttpRequestException">The Pod or the API server is gone.</exception>
    public async Task FollowAsync(Action<RecordLine> record, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        var (read, lost) = (0L, time.GetTimestamp());
        while (true)
        {
            try
            {
                await FollowOnceAsync(
                    one =>
                    {
                        (read, lost) = (read + 1, time.GetTimestamp());
                        record(one);
                    },
                    read,
                    cancellationToken
                );
                return;
            }
            catch (Exception e)
                when (e is IOException or JsonException or HttpRequestException { StatusCode: null }
                    && time.GetElapsedTime(lost) < s_reconnectLimit
                )
            {
                await Task.Delay(s_reconnectInterval, time, cancellationToken);
            }
        }
    }

    private async Task FollowOnceAsync(Action<RecordLine> record, long from, CancellationToken cancellationToken)
    {
        using var response = await proxy.SendAsync(
            HttpMethod.Get,
            ns,
            pod,
            LoadTestPorts.Control,
            string.Create(CultureInfo.InvariantCulture, $"/attack/records?from={from}"),
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
        var text = await BoundedText.ReadAsync(
            response.Content,
            PodProxyClient.MaxBytes,
            cut: false,
            cancellationToken
        );
        try
        {
            if (JsonSerializer.Deserialize(text, PodJson.Default.AttackState) is { } state)
                return state;
        }
        catch (JsonException)
        {
            // It is said below.
        }
        throw PodProxyClient.Unreadable($"{method} {path}", ns, pod, LoadTestPorts.Control, text, "an attack's state");
    }
}
