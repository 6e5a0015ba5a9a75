using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.Bench.Datapath;

/// <summary><c>proxies [rounds] [seconds] [in flight]</c>: requests on fresh connections through both node proxies of
/// the lab, through two bare YARP hops, through nginx twice and through HAProxy twice; same backend program, same
/// generator, same machine, in turn, several rounds. Then the lab at 1,000 requests/s. Exit code 1 when the lab does
/// less than 0.75 of two bare YARP hops, or a request at 1,000/s has any other end than 200.</summary>
internal static partial class ProxyBenchmark
{
    private const double MinOfYarp = 0.75;
    private const int Warmup = 3;
    private static readonly TimeProvider s_time = TimeProvider.System;

    private sealed record Variant(string Name, Uri Url, string[] Arguments)
    {
        public List<double> Rates { get; } = [];

        public Dictionary<string, long> Others { get; } = new(StringComparer.Ordinal);

        public double Median => Rates.Order().ElementAt(Rates.Count / 2);
    }

    public static async Task<int> RunAsync(string[] args)
    {
        int Number(int i, int otherwise) =>
            args.Length > i ? int.Parse(args[i], CultureInfo.InvariantCulture) : otherwise;
        var (rounds, seconds, inFlight) = (Number(0, 3), Number(1, 6), Number(2, 64));
        var directory = Directory.CreateTempSubdirectory("proxies-").FullName;
        var processes = new List<IAsyncDisposable>();
        try
        {
            var variants = await StartAsync(directory, processes);
            foreach (var v in variants)
                await AttackAsync(new Variant(v.Name, v.Url, v.Arguments), "infinity", Warmup, inFlight);
            for (var round = 0; round < rounds; round++)
                foreach (var variant in variants)
                    variant.Rates.Add(await AttackAsync(variant, "infinity", seconds, inFlight));
            var bare = variants.Single(v => v.Name == "two bare YARP hops").Median;
            Console.WriteLine($"{"", -22} {"requests/s", 11} {"÷ YARP's", 9}  not 200");
            foreach (var v in variants)
                Console.WriteLine($"{v.Name, -22} {v.Median, 11:0} {v.Median / bare, 9:0.00}  {Text(v.Others)}");
            var paced = new Variant("the lab at 1,000/s", variants[0].Url, variants[0].Arguments);
            var rate = await AttackAsync(paced, "1000/s", 20, 10_000, Console.WriteLine);
            Console.WriteLine($"{paced.Name}: {rate:0} answered with 200 a second, not 200: {Text(paced.Others)}");
            return variants[0].Median >= MinOfYarp * bare && paced.Others.Count == 0 ? 0 : 1;
        }
        finally
        {
            processes.Reverse();
            foreach (var process in processes)
                await process.DisposeAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<List<Variant>> StartAsync(string directory, List<IAsyncDisposable> processes)
    {
        var ports = FreePorts(7);
        string P(int i) => ports[i].ToString(CultureInfo.InvariantCulture);
        Uri Url(int i) => new($"http://127.0.0.1:{P(i)}/echo");
        processes.Add(
            DotnetProcess.Start(
                "Backend",
                [],
                [KeyValuePair.Create("ASPNETCORE_URLS", $"http://127.0.0.1:{P(0)}")],
                s_time
            )
        );
        processes.Add(DotnetProcess.Start("Bench", ["hops", P(1), P(2), P(0)], [], s_time));
        NodeProxies lab = await NodeProxies.StartAsync(s_time, CancellationToken.None);
        processes.Add(lab);
        var variants = new List<Variant>
        {
            new("the lab's two proxies", lab.Url, ["--source-ip", lab.Client]),
            new("two bare YARP hops", Url(1), []),
        };
        await File.WriteAllTextAsync(
            Path.Combine(directory, "nginx.conf"),
            ProxyPeers.Nginx(directory, ports[3], ports[4], ports[0])
        );
        await File.WriteAllTextAsync(
            Path.Combine(directory, "haproxy.cfg"),
            ProxyPeers.HaProxy(ports[5], ports[6], ports[0])
        );
        if (Start("nginx", ["-p", directory, "-c", "nginx.conf"]) is { } nginx)
            variants.Add(Added(nginx, "nginx, two hops", Url(3)));
        if (Start("haproxy", ["-db", "-q", "-f", Path.Combine(directory, "haproxy.cfg")]) is { } haproxy)
            variants.Add(Added(haproxy, "HAProxy, two hops", Url(5)));
        foreach (var variant in variants)
            await WaitAsync(variant);
        return variants;

        Variant Added(Peer peer, string name, Uri url)
        {
            processes.Add(peer);
            return new Variant(name, url, []);
        }
    }

    /// <summary>One run of the load generator; the answers with 200 a second, and into the variant everything else by
    /// kind.</summary>
    private static async Task<double> AttackAsync(
        Variant variant,
        string rate,
        int seconds,
        int inFlight,
        Action<string>? show = null
    )
    {
        string[] arguments =
        [
            "attack",
            variant.Url.ToString(),
            "--method",
            "POST",
            "--body",
            "foo",
            "--rate",
            rate,
            "--duration",
            $"{seconds}s",
            "--max-in-flight",
            inFlight.ToString(CultureInfo.InvariantCulture),
            .. variant.Arguments,
        ];
        await using var process = DotnetProcess.Start("LoadTest", arguments, [], s_time, show);
        await process.WaitForExitAsync(CancellationToken.None);
        var output = process.Output;
        var ok = 0L;
        foreach (var line in output)
        {
            if (StatusLine().Match(line) is { Success: true } status)
            {
                var count = long.Parse(status.Groups[2].Value, CultureInfo.InvariantCulture);
                if (status.Groups[1].Value == "200")
                    ok += count;
                else
                    Add(status.Groups[1].Value, count);
            }
            else if (line.StartsWith("sent ", StringComparison.Ordinal))
            {
                foreach (
                    Match kind in OutcomeText()
                        .Matches(line)
                        .Where(m => !m.Groups[2].Value.StartsWith("response", StringComparison.Ordinal))
                )
                    Add(kind.Groups[2].Value.Trim(), long.Parse(kind.Groups[1].Value, CultureInfo.InvariantCulture));
            }
            else if (
                rate != "infinity"
                && NotSent().Match(line) is { Success: true } notSent
                && notSent.Groups[1].Value != "0"
            )
                Add("not sent", long.Parse(notSent.Groups[1].Value, CultureInfo.InvariantCulture));
        }
        if (ok == 0)
            throw new InvalidOperationException(
                $"{variant.Name}: no request succeeded{Environment.NewLine}{string.Join(Environment.NewLine, output)}"
            );
        return (double)ok / seconds;

        void Add(string kind, long count) => variant.Others[kind] = variant.Others.GetValueOrDefault(kind) + count;
    }

    private static string Text(Dictionary<string, long> others) =>
        others.Count == 0 ? "none" : string.Join(", ", others.Select(o => $"{o.Value} × {o.Key}"));

    private static async Task WaitAsync(Variant variant)
    {
        using var http = new HttpClient();
        for (var i = 0; ; i++)
        {
            try
            {
                // The lab answers only its client; its Pods are ready already.
                if (variant.Arguments.Length == 0)
                    (await http.GetAsync(variant.Url)).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (i < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), s_time);
            }
        }
    }

    private static int[] FreePorts(int count)
    {
        var sockets = Enumerable
            .Range(0, count)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            .ToList();
        foreach (var socket in sockets)
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int[] ports = [.. sockets.Select(s => ((IPEndPoint)s.LocalEndPoint!).Port)];
        sockets.ForEach(s => s.Dispose());
        return ports;
    }

    private static Peer? Start(string program, string[] arguments)
    {
        try
        {
            return new Peer(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.WriteLine($"{program} is not installed (apt-get install {program}): left out");
            return null;
        }
    }

    private sealed class Peer(Process process) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    [GeneratedRegex(@"^\s*status (\d+)\s+(\d+) ")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"(\d+) × ([a-zA-Z ]+)")]
    private static partial Regex OutcomeText();

    [GeneratedRegex(@"^intended \d+ = sent \d+ \+ not sent (\d+)")]
    private static partial Regex NotSent();
}
