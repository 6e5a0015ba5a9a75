using System.Diagnostics;
using System.Text;
using CiliumDebugging.ClusterSetup.Embedded.Api;

namespace CiliumDebugging.ClusterSetup.Tests.Embedded.Api;

public sealed class WatchLoadTests
{
    private const int Watchers = 200, Writes = 10_000;

    private static readonly byte[] s_versionMark = Encoding.ASCII.GetBytes("\"resourceVersion\":\"");

    /// <summary>Takes about 25 s and both cores, so it runs only when asked for (--explicit only).</summary>
    [Fact(Explicit = true)]
    public async Task Two_hundred_watchers_see_ten_thousand_writes_once_in_order_and_soon()
    {
        var perSecond = int.TryParse(Environment.GetEnvironmentVariable("API_WRITES_PER_SECOND"), out var n) ? n : 500;
        await using var api = await ApiFixture.StartAsync();
        api.Store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap("c")).OrThrow();
        var from = api.Store.ResourceVersion;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var writtenAt = new long[Writes];
        using var started = new CountdownEvent(Watchers);
        var watching = Enumerable.Range(0, Watchers).Select(_ => Task.Run(() => DelaysMsAsync(api, from, writtenAt, started))).ToList();
        started.Wait(TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        var cpuBefore = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Writes; i++)
        {
            while (clock.Elapsed.TotalSeconds * perSecond < i)
                await Task.Delay(1, TestContext.Current.CancellationToken);
            writtenAt[i] = Stopwatch.GetTimestamp();
            api.Store.Update(ResourceKinds.ConfigMaps, "default", "c", ApiFixture.ConfigMap("c", $"{i}")).OrThrow();
        }

        var writing = clock.Elapsed;
        await Task.WhenAll(watching);
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        var delays = (await Task.WhenAll(watching)).SelectMany(d => d).Order().ToArray();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Watchers} watchers, {Writes} writes in {writing.TotalSeconds:F1} s ({Writes / writing.TotalSeconds:F0}/s), all seen after {clock.Elapsed.TotalSeconds:F1} s; " +
            $"delivery p50 {delays[delays.Length / 2]:F2} ms, p99 {delays[(int)(delays.Length * 0.99)]:F2} ms, max {delays[^1]:F2} ms; CPU {cpu.TotalSeconds:F1} s with the clients; memory {before >> 20} -> {after >> 20} MiB");
        delays.Length.ShouldBe(Watchers * Writes);
        delays[(int)(delays.Length * 0.99)].ShouldBeLessThan(50);
    }

    private static async Task<float[]> DelaysMsAsync(ApiFixture api, long from, long[] writtenAt, CountdownEvent started)
    {
        using var response = await api.Http.GetAsync($"/api/v1/configmaps?watch=true&resourceVersion={from}", HttpCompletionOption.ResponseHeadersRead);
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
                System.Buffers.Text.Utf8Parser.TryParse(line[(at + s_versionMark.Length)..], out long version, out _).ShouldBeTrue();
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
