using System.Diagnostics;
using System.Text;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class WatchLoadTests
{
    /// <summary>
    /// The default run is small; the full one (API_WATCH_LOAD=1: 200 watchers, 10,000 writes) takes half a minute and
    /// wants the machine for itself.
    /// </summary>
    private static readonly bool s_full = Environment.GetEnvironmentVariable("API_WATCH_LOAD") == "1";

    private static readonly int s_watchers = s_full ? 200 : 20,
        s_writes = s_full ? 10_000 : 500;

    private static readonly byte[] s_versionMark = Encoding.ASCII.GetBytes("\"resourceVersion\":\"");

    [Fact]
    public async Task Many_watchers_see_many_writes_once_in_order_and_soon()
    {
        await using var api = await ApiFixture.StartAsync();
        api.Store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("c")).OrThrow();
        await RoundAsync(api);
        if (!s_full)
            return;
        // Two rounds fill the bounded history and the servers' pools of buffers; a leak would go on growing after them.
        var second = await RoundAsync(api);
        var third = await RoundAsync(api);
        third.ShouldBeLessThan(second + (4 << 20));
    }

    /// <summary>One round of writes under the eyes of all watchers; gives the memory in use after it, bytes.</summary>
    private static async Task<long> RoundAsync(ApiFixture api)
    {
        var perSecond = int.TryParse(Environment.GetEnvironmentVariable("API_WRITES_PER_SECOND"), out var n) ? n : 500;
        var from = api.Store.ResourceVersion;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var writtenAt = new long[s_writes];
        using var started = new CountdownEvent(s_watchers);
        var watching = Enumerable
            .Range(0, s_watchers)
            .Select(_ => Task.Run(() => DelaysMsAsync(api, from, writtenAt, started)))
            .ToList();
        started.Wait(TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        var cpuBefore = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < s_writes; i++)
        {
            while (clock.Elapsed.TotalSeconds * perSecond < i)
                await Task.Delay(1, TestContext.Current.CancellationToken);
            writtenAt[i] = Stopwatch.GetTimestamp();
            api.Store.Update(ResourceKinds.ConfigMaps, "default", "c", ApiFixture.ConfigMap("c", $"{from}-{i}"))
                .OrThrow();
        }
        var writing = clock.Elapsed;
        await Task.WhenAll(watching);
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        var (count, p50, p99, max) = Summarise(watching);
        watching.Clear();
        var after = await SettledMemoryAsync();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{s_watchers} watchers, {s_writes} writes in {writing.TotalSeconds:F1} s "
                + $"({s_writes / writing.TotalSeconds:F0}/s), all seen after {clock.Elapsed.TotalSeconds:F1} s; "
                + $"delivery p50 {p50:F2} ms, p99 {p99:F2} ms, max {max:F2} ms; "
                + $"CPU {cpu.TotalSeconds:F1} s with the clients; memory {before >> 20} -> {after >> 20} MiB"
        );
        count.ShouldBe(s_watchers * s_writes);
        if (s_full)
            p99.ShouldBeLessThan(50);
        return after;
    }

    /// <summary>
    /// Memory in use once it has come to rest: the server notices only after the client that a connection has ended.
    /// Bytes.
    /// </summary>
    private static async Task<long> SettledMemoryAsync()
    {
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        for (var (still, tries) = (0, 0); still < 3 && tries < 60; tries++)
        {
            await Task.Delay(250, TestContext.Current.CancellationToken);
            var now = GC.GetTotalMemory(forceFullCollection: true);
            still = Math.Abs(now - memory) < 256 << 10 ? still + 1 : 0;
            memory = now;
        }
        return memory;
    }

    private static (int Count, float P50, float P99, float Max) Summarise(List<Task<float[]>> watching)
    {
        var delays = watching.SelectMany(w => w.Result).Order().ToArray();
        return (delays.Length, delays[delays.Length / 2], delays[(int)(delays.Length * 0.99)], delays[^1]);
    }

    private static async Task<float[]> DelaysMsAsync(
        ApiFixture api,
        long from,
        long[] writtenAt,
        CountdownEvent started
    )
    {
        using var response = await api.Http.GetAsync(
            $"/api/v1/configmaps?watch=true&resourceVersion={from}",
            HttpCompletionOption.ResponseHeadersRead
        );
        await using var stream = await response.Content.ReadAsStreamAsync();
        started.Signal();
        var delays = new float[writtenAt.Length];
        var buffer = new byte[64 * 1024];
        var (length, seen) = (0, 0);
        while (seen < delays.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length));
            read.ShouldBeGreaterThan(0, $"the watch ended after {seen} events");
            length += read;
            var now = Stopwatch.GetTimestamp();
            var start = 0;
            for (int end; (end = buffer.AsSpan(start, length - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
            {
                var line = buffer.AsSpan(start, end);
                var at = line.IndexOf(s_versionMark);
                at.ShouldBeGreaterThan(0);
                System
                    .Buffers.Text.Utf8Parser.TryParse(line[(at + s_versionMark.Length)..], out long version, out _)
                    .ShouldBeTrue();
                version.ShouldBe(from + 1 + seen);
                delays[seen] = (float)Stopwatch.GetElapsedTime(writtenAt[seen], now).TotalMilliseconds;
                seen++;
            }
            buffer.AsSpan(start, length - start).CopyTo(buffer);
            length -= start;
        }
        return delays;
    }
}
