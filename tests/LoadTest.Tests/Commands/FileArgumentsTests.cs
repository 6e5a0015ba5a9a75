using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Tests.Attack;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Tests.Commands;

/// <summary>Files that the generator's commands read and write.</summary>
public sealed class FileArgumentsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--output ''", "attack", "http://127.0.0.1:1/", "--output", "")]
    [InlineData("--hdr ''", "attack", "http://127.0.0.1:1/", "--hdr", "")]
    [InlineData("--targets ''", "attack", "--targets", "")]
    [InlineData("--body '@'", "attack", "http://127.0.0.1:1/", "--body", "@")]
    [InlineData("files ''", "report", "a.bin", "")]
    [InlineData("--hdr ''", "report", "a.bin", "--hdr", "")]
    [InlineData("files ''", "plot", "")]
    [InlineData("--output ''", "plot", "a.bin", "--output", "")]
    public void A_file_without_a_name_is_refused(string expected, params string[] words)
    {
        var root = new RootCommand();
        foreach (var command in AttackCommands.Build())
            root.Add(command);
        AttackCommands.Parse(root, words).Errors.ShouldHaveSingleItem().Message.ShouldStartWith(expected);
    }

    [Fact]
    public async Task A_histogram_log_that_cannot_be_written_is_refused_before_the_attack()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (exitCode, output, errors) = await RunAsync(
            "attack",
            $"http://{server.EndPoint}/",
            "--duration",
            "200ms",
            "--hdr",
            _folder
        );
        (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""));
        errors.ShouldContain(_folder);
        server.Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task A_histogram_log_takes_the_place_of_what_was_there()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var path = Path.Combine(_folder, "attack.hdr");
        await File.WriteAllTextAsync(path, new string('x', 1 << 20), TestContext.Current.CancellationToken);
        (
            await RunAsync("attack", $"http://{server.EndPoint}/", "--duration", "200ms", "--hdr", path)
        ).ExitCode.ShouldBe((int)ExitCode.Success);
        HistogramLog.Read(path, out var results);
        results.ShouldNotBeNull().Accounting.Intended.ShouldBe(10);
        new FileInfo(path).Length.ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public async Task A_histogram_log_of_no_request_is_refused()
    {
        var path = Path.Combine(_folder, "attack.hdr");
        await using (var log = File.Create(path))
            HistogramLog.Write(new AttackResults(), log, DateTimeOffset.UnixEpoch);
        var (exitCode, output, errors) = await RunAsync("report", path);

        (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""));
        errors.ShouldContain("the log has no request");
    }

    [Fact]
    public async Task Histograms_cannot_be_drawn_over_time_and_plot_says_what_can()
    {
        var path = Path.Combine(_folder, "attack.hdr");
        await using (var log = File.Create(path))
            HistogramLog.Write(new AttackResults(), log, DateTimeOffset.UnixEpoch);
        var (exitCode, _, errors) = await RunAsync("plot", path);

        exitCode.ShouldBe((int)ExitCode.BadUsage);
        errors.ShouldContain("give a file that attack --output wrote");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task A_byte_order_mark_before_records_is_skipped(string extension)
    {
        var path = await SaveAsync(extension, pod: null);
        byte[] marked =
        [
            0xEF,
            0xBB,
            0xBF,
            .. await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken),
        ];
        await File.WriteAllBytesAsync(path, marked, TestContext.Current.CancellationToken);
        var (exitCode, output, errors) = await RunAsync("report", path);
        (exitCode, errors).ShouldBe(((int)ExitCode.Success, ""));
        output.ShouldContain("started 1 ");
    }

    [Theory]
    [InlineData("0,0,0,10,40000,0,0,Response,200,a,,9,0,None", "request 0, as another before it")]
    [InlineData("1,0,0,10,40000,0,0,ConnectRefused,200,,,0,111,None", "no connection, and there is a status")]
    [InlineData("1,0,0,10,40000,0,0,ConnectTimeout,0,a,,0,0,None", "no connection, and there is a status")]
    [InlineData("1,0,0,10,0,-1,0,NotSent,0,,,52,0,None", "no connection, and there is a status")]
    public async Task A_record_that_no_request_can_have_is_refused(string record, string why)
    {
        var path = await SaveAsync("csv", pod: "a");
        await File.AppendAllTextAsync(path, $"{record}\n", TestContext.Current.CancellationToken);
        foreach (var command in (string[])["report", "plot"])
        {
            var (exitCode, output, errors) = await RunAsync(command, path);
            (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""), command);
            errors.ShouldContain($"{path}': record 2 is ");
            errors.ShouldContain(why);
        }
    }

    [Fact]
    public async Task A_file_that_is_given_twice_is_refused()
    {
        var path = await SaveAsync("csv", pod: "a");
        foreach (var command in (string[])["report", "plot"])
        {
            var (exitCode, output, errors) = await RunAsync(command, path, path);
            (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""), command);
            errors.ShouldContain($"results file '{path}' is given twice");
        }
    }

    [Fact]
    public async Task Requests_without_a_record_are_mentioned()
    {
        var path = await SaveAsync("csv", pod: "a");
        await File.AppendAllTextAsync(
            path,
            "7,0,0,10,40000,0,0,Response,200,a,,9,0,None\n",
            TestContext.Current.CancellationToken
        );
        var (exitCode, output, errors) = await RunAsync("report", path);
        exitCode.ShouldBe((int)ExitCode.Success);
        output.ShouldContain("intended 2 = sent 2");
        errors.ShouldContain($"{path}: 6 of the requests 0 to 7 have no record");
    }

    [Fact]
    public async Task Names_in_results_do_not_control_the_terminal()
    {
        var path = await SaveAsync("json", pod: "a\u001b[2J\u202Eb\u009bc\nd");
        var (exitCode, output, _) = await RunAsync("report", path);
        exitCode.ShouldBe((int)ExitCode.Success);
        output.ShouldContain("  a [2J b c d ");
        output.ShouldNotContain('\u001b');
        output.ShouldNotContain('\u202E');
        output.ShouldNotContain('\u009b');
        var (_, _, errors) = await RunAsync("report", "no\u001b[2J such file");
        errors.ShouldContain("no [2J such file");
    }

    [Theory]
    [InlineData("#", "has no target")]
    [InlineData("", "has no target")]
    [InlineData("GET http://127.0.0.1:1/\n@.", "'.' is a folder")]
    [InlineData("GET http://u:secret@127.0.0.1:1/", "targets line 1: url 'http://(hidden)@127.0.0.1:1/'")]
    public async Task A_target_file_that_cannot_be_used_is_refused_with_why(string text, string expected)
    {
        var path = Path.Combine(_folder, "targets");
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        var (exitCode, _, errors) = await RunAsync("attack", "--targets", path, "--duration", "100ms");
        exitCode.ShouldBe((int)ExitCode.BadUsage);
        errors.ShouldContain(expected);
        errors.ShouldNotContain("secret");
    }

    [Fact]
    public async Task What_contradicts_itself_or_would_be_ignored_is_refused()
    {
        (await RunAsync("attack", "--targets", _folder)).Errors.ShouldContain("is a folder");
        (await RunAsync("attack", "http://127.0.0.1:1/", "--targets", "x")).Errors.ShouldContain(
            "a URL and --targets x: give one of them"
        );
        (await RunAsync("attack", "http://127.0.0.1:1/", "--output", "x.txt")).Errors.ShouldContain(
            "--output 'x.txt': expected a name that ends with .bin, .csv or .json"
        );
    }

    private async Task<string> SaveAsync(string extension, string? pod)
    {
        var path = Path.Combine(_folder, $"results.{extension}");
        await using var sink = new RecordFileSink(path);
        sink.Add(
            new()
            {
                Sequence = 0,
                Connection = 0,
                Outcome = Outcome.Response,
                Status = 200,
                Pod = pod,
            }
        );
        return path;
    }

    [Theory]
    [InlineData("report", "vegeta.json", "skew")]
    [InlineData("report", "vegeta.csv", "sent 40 = 10 × 200 + 5 × 503")]
    [InlineData("report", "hey.csv", "sent 40 = 40 × 200")]
    [InlineData("plot", "vegeta.json", "wrote ")]
    public async Task Results_of_other_programs_are_summarised_and_drawn_with_what_they_lack(
        string command,
        string name,
        string expected
    )
    {
        string[] page = command == "plot" ? ["--output", Path.Combine(_folder, "plot.html")] : [];
        var (exitCode, output, errors) = await RunAsync([command, ForeignRecordsTests.FileOf(name), .. page]);

        exitCode.ShouldBe((int)ExitCode.Success, errors);
        output.ShouldContain(expected);
        errors.ShouldContain($"{name}: {name[..name.IndexOf('.', StringComparison.Ordinal)]} does not record when");
        if (page is [_, var file])
            (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldContain("backend-b");
    }

    [Theory]
    [InlineData("report")]
    [InlineData("plot")]
    public async Task The_encoding_of_vegeta_that_is_not_read_is_refused_with_the_command_that_changes_it(
        string command
    )
    {
        var (exitCode, _, errors) = await RunAsync(command, ForeignRecordsTests.FileOf("vegeta.gob"));

        exitCode.ShouldBe((int)ExitCode.BadUsage);
        errors.ShouldMatch(@"^error: results file '.*vegeta\.gob': .*'vegeta encode FILE > results\.json'");
    }

    [Fact]
    public async Task Targets_are_read_from_standard_input()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var targets =
            $$"""{"method":"GET","url":"http://{{server.EndPoint}}/a"}"""
            + "\n"
            + $$"""{"method":"GET","url":"http://{{server.EndPoint}}/b"}""";
        var (exitCode, output, errors) = await RunAsync(targets, ["attack", "--targets", "-", "--duration", "200ms"]);

        exitCode.ShouldBe((int)ExitCode.Success, errors);
        output.ShouldContain("sent 10 = 10 × 200");
    }

    [Fact]
    public async Task A_wrong_target_of_standard_input_is_named_by_its_line()
    {
        var (exitCode, _, errors) = await RunAsync("\nGET ftp://a/", ["attack", "--targets", "-"]);

        exitCode.ShouldBe((int)ExitCode.BadUsage);
        errors.ShouldStartWith("error: standard input line 2: url 'ftp://a/'");
    }

    [Theory]
    [InlineData(ExitCode.Failed)]
    [InlineData(ExitCode.Success, "--hdr", "-")]
    public async Task An_attack_that_nothing_answers_has_failed(ExitCode expected, params string[] more)
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var url = $"http://{closed.LocalEndpoint}/";
        closed.Stop();
        var (exitCode, output, errors) = await RunAsync(["attack", url, "--duration", "200ms", .. more]);

        exitCode.ShouldBe((int)expected);
        output.ShouldContain("sent 10 = 10 × connect refused ECONNREFUSED");
        if (expected is ExitCode.Failed)
            errors.ShouldContain("error: no request was answered: 10 × connect refused ECONNREFUSED");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false, "--format", "json")]
    [InlineData(false, "--hdr", "-")]
    public async Task Progress_is_a_line_each_second_where_people_read(bool isShown, params string[] more)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (exitCode, _, errors) = await RunAsync([
            "attack",
            $"http://{server.EndPoint}/",
            "--duration",
            "3s",
            .. more,
        ]);

        exitCode.ShouldBe((int)ExitCode.Success, errors);
        var lines = errors.Split('\n').Where(line => line.StartsWith('›')).ToList();
        if (!isShown)
        {
            lines.ShouldBeEmpty();
            return;
        }
        // The third may come with the end.
        lines.Count.ShouldBeInRange(2, 3);
        lines.ShouldAllBe(line => line.Length <= 100);
        lines[0].ShouldMatch(@"^› \d/3 s  \d+ sent, \d+ in flight: \d+ × 200$");
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words) =>
        RunAsync("", words);

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(string input, string[] words) =>
        LoadTestProcess.RunAsync(words, input);
}
