using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;

namespace CiliumDebugging.Bench.Attack;

/// <summary>What a request allocates, from its start to its place in the results, in steady state: an attack goes on in
/// this process against a server in another, and an operation is one request of it. Fails when the memory diagnoser
/// sees a byte per request.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class AllocationBenchmark
{
    private const string Server = "server";

    // Enough that one-time allocations of the runtime are less than a byte per request.
    private const int Requests = 10_000;

    private readonly Counter _counter = new();
    private Process? _server;
    private AttackControl? _attack;

    /// <summary>The engine.</summary>
    [Params("epoll", "io_uring")]
    public string Engine { get; set; } = "";

    /// <summary>Requests per second; infinity keeps some in flight.</summary>
    [Params(5000, double.PositiveInfinity)]
    public double Rate { get; set; }

    /// <summary>Runs the benchmark; with <c>server</c>, its server.</summary>
    /// <returns>0 when no engine allocates anything for a request.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is [Server])
            return Serve();
        // In this process: it needs no build of its own, and all of its threads are counted.
        var job = Job
            .Default.WithToolchain(InProcessNoEmitToolchain.Instance)
            .WithWarmupCount(1)
            .WithIterationCount(3)
            .WithInvocationCount(1)
            .WithUnrollFactor(1);
        var summary = BenchmarkRunner.Run<AllocationBenchmark>(DefaultConfig.Instance.AddJob(job));
        var engines = summary
            .Reports.Select(report => report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase))
            .ToList();
        var allocates = engines.Count != 4 || engines.Any(bytes => bytes != 0);
        Console.WriteLine(allocates ? "a request allocates, or was not measured" : "0 bytes per request");
        return allocates ? 1 : 0;
    }

    /// <summary>Starts server and attack, and lets the attack get going.</summary>
    [GlobalSetup]
    public void Start()
    {
        _server = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["allocation", Server])
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            }
        )!;
        var port = int.Parse(_server.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        var plan = new AttackPlan
        {
            Targets = [new AttackTarget { Host = "bench", EndPoint = new IPEndPoint(IPAddress.Loopback, port) }],
            RatePerSecond = Rate,
            MaxInFlight = 16,
        };
        var (engine, problem) = AttackEngines.Named(Engine, plan);
        if (problem is not null)
            throw new InvalidOperationException(problem);
        _attack = AttackControl.Start(plan, _counter, engine);
        Send();
    }

    /// <summary>Waits until N further requests have ended. It does not ask the attack: to contend for its lock would
    /// cost the engine an allocation.</summary>
    [Benchmark(OperationsPerInvoke = Requests)]
    public void Send() => _counter.WaitFor(Requests);

    /// <summary>Ends both.</summary>
    [GlobalCleanup]
    public void Stop()
    {
        var accounting = _attack!.StopAsync().GetAwaiter().GetResult();
        if (accounting.Responses != accounting.Started)
            throw new InvalidOperationException($"{accounting.Errors} requests failed");
        _server!.StandardInput.Close();
        _server.WaitForExit();
        _server.Dispose();
    }

    private static int Serve()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1024);
        Console.WriteLine(((IPEndPoint)listener.LocalEndPoint!).Port);
        new Thread(() => Answer(listener)) { IsBackground = true }.Start();
        // Until the benchmark closes it.
        while (Console.In.Read() >= 0) { }

        return 0;
    }

    private static void Answer(Socket listener)
    {
        var request = new byte[4096];
        var answer = (
            "HTTP/1.1 200 OK\r\nX-Pod: pod-1\r\nX-Node: node-1\r\nContent-Length: 3\r\n"u8
            + "Connection: close\r\n\r\nfoo"u8
        ).ToArray();
        while (true)
        {
            using var connection = listener.Accept();
            if (connection.Receive(request) > 0)
                connection.Send(answer);
        }
    }

    /// <summary>Results, as an attack keeps them, and how many there are.</summary>
    private sealed class Counter : IRecordSink
    {
        private readonly AttackResults _results = new();

        // A monitor and no Lock: it can be waited for.
        private readonly object _reached = new();
        private long _count;
        private long _target = long.MaxValue;

        public void WaitFor(int more)
        {
            lock (_reached)
            {
                Volatile.Write(ref _target, Volatile.Read(ref _count) + more);
                Monitor.Wait(_reached);
            }
        }

        public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

        public void Add(in RequestRecord record)
        {
            _results.Add(record);
            Volatile.Write(ref _count, _count + 1);
            if (_count < Volatile.Read(ref _target))
                return;
            lock (_reached)
            {
                Volatile.Write(ref _target, long.MaxValue);
                Monitor.Pulse(_reached);
            }
        }
    }
}
