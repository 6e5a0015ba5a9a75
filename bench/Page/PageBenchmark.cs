using System.Diagnostics;
using System.Globalization;
using static System.FormattableString;

namespace CiliumDebugging.Bench.Page;

/// <summary>
/// What open pages cost the process that serves them: AppHost with a manual load, N streams of server-sent events as N
/// pages would hold them, and after every interval the process's share of one
/// core and its resident memory. <c>page [PAGES] [MINUTES] [RATE]</c>; 100, 10 and 50 where nothing is said. Build
/// AppHost first.
/// </summary>
internal static class PageBenchmark
{
    private const double IntervalSeconds = 20;
    private const double TicksPerSecond = 100; // USER_HZ, which Linux fixes for /proc

    public static async Task<int> RunAsync(string[] arguments)
    {
        var numbers = arguments.Select(a => double.Parse(a, CultureInfo.InvariantCulture)).ToList();
        var (pages, minutes, rate) = (
            (int)numbers.ElementAtOrDefault(0, 100),
            numbers.ElementAtOrDefault(1, 10),
            numbers.ElementAtOrDefault(2, 50)
        );
        using var lab = Process.Start(
            new ProcessStartInfo("dotnet", ["exec", AppHost(), "--by-hand", "--rate", Invariant($"{rate}")])
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            }
        )!;
        try
        {
            using var stop = new CancellationTokenSource();
            var address = await PageOfAsync(lab);
            var reading = ReadOnAsync(lab.StandardOutput);
            using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = pages + 1 });
            var bytes = new long[pages];
            var streams = Enumerable
                .Range(0, pages)
                .Select(i => StreamAsync(client, address, count => bytes[i] += count, stop.Token))
                .ToList();
            Console.WriteLine("  minute   core %   resident MB   kB/s a page");
            var (ticks, seen, samples) = (Ticks(lab.Id), 0L, new List<(double Core, double Megabytes)>());
            for (var at = IntervalSeconds; at <= minutes * 60 + 0.1; at += IntervalSeconds)
            {
                await Task.Delay(TimeSpan.FromSeconds(IntervalSeconds), TimeProvider.System);
                var (now, sent) = (Ticks(lab.Id), bytes.Sum());
                samples.Add((100 * (now - ticks) / TicksPerSecond / IntervalSeconds, Megabytes(lab.Id)));
                Console.WriteLine(
                    Invariant(
                        $"{at / 60, 8:0.0} {samples[^1].Core, 8:0.00} {samples[^1].Megabytes, 13:0.0} {(sent - seen) / 1024.0 / Math.Max(pages, 1) / IntervalSeconds, 13:0.00}"
                    )
                );
                (ticks, seen) = (now, sent);
            }
            await stop.CancelAsync();
            await Task.WhenAll(streams);
            var steady = samples[(samples.Count / 3)..];
            Console.WriteLine(
                Invariant(
                    $"{pages} pages, {rate} requests/s: median {steady.Select(s => s.Core).Order().ElementAt(steady.Count / 2):0.00} % of a core, {steady[0].Megabytes:0.0} MB to {steady[^1].Megabytes:0.0} MB after the first third"
                )
            );
            lab.Kill(entireProcessTree: true);
            await reading;
            return 0;
        }
        finally
        {
            if (!lab.HasExited)
                lab.Kill(entireProcessTree: true);
        }
    }

    private static async Task<Uri> PageOfAsync(Process lab)
    {
        while (await lab.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith("page  ", StringComparison.Ordinal))
                return new Uri(new Uri(line[4..].Trim()).GetLeftPart(UriPartial.Path));
        throw new InvalidOperationException("AppHost ended before its page was there");
    }

    private static async Task ReadOnAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is not null) { }
    }

    private static async Task StreamAsync(
        HttpClient client,
        Uri address,
        Action<int> count,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[16 * 1024];
        try
        {
            await using var stream = await client.GetStreamAsync(new Uri(address, "events"), cancellationToken);
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                count(read);
            throw new InvalidOperationException("the server ended a stream");
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private static double Ticks(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return double.Parse(fields[11], CultureInfo.InvariantCulture)
            + double.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static double Megabytes(int process) =>
        double.Parse(
            File.ReadLines($"/proc/{process}/status")
                .First(l => l.StartsWith("VmRSS", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        ) / 1024;

    private static string AppHost()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CiliumDebugging.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("the repository");
        return Path.Combine(
            folder,
            "AppHost",
            "bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name,
            "net10.0",
            "AppHost.dll"
        );
    }

    private static double ElementAtOrDefault(this List<double> numbers, int position, double otherwise) =>
        position < numbers.Count ? numbers[position] : otherwise;
}
