namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>Bad input: one clear message that names the value and the remedy, exit code 2, no stack trace.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class BadInputTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("scenario-").FullName;

    [Theory]
    [InlineData("--scenario no-such-scenario", "there is no scenario 'no-such-scenario': choose one of ")]
    [InlineData("--rate 0", "--rate 0: must be a number of requests per second, greater than 0")]
    [InlineData("--rate -5", "--rate -5: must be a number of requests per second, greater than 0")]
    [InlineData("--set tunel=disabled", "unknown key 'tunel'")]
    [InlineData("--set http-retry-count=many", "http-retry-count is 'many' and must be a number from 0 to 100")]
    [InlineData("--observe soon", "--observe soon")]
    public async Task A_bad_option_is_named_with_its_remedy(string arguments, string message)
    {
        await using var lab = LabProcess.Start(arguments.Split(' '));

        (await lab.WaitAsync(s_limit)).ShouldBe(2, lab.Output);

        lab.Output.ShouldContain(message);
        lab.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_broken_policy_file_is_named_with_line_policy_and_field()
    {
        var original = Path.Combine(AppContext.BaseDirectory, "scenarios", "two-sided-l7");
        foreach (var file in Directory.EnumerateFiles(original, "*.yaml"))
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        var policy = Path.Combine(_folder, "load-test-policy.yaml");
        var text = await File.ReadAllTextAsync(policy, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            policy,
            text.Replace("port: \"8080\"", "port: \"808080\"", StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        await using var lab = LabProcess.Start("--scenario", _folder);

        (await lab.WaitAsync(s_limit)).ShouldBe(2, lab.Output);

        var line = text.Split('\n').Index().First(l => l.Item.Contains("8080", StringComparison.Ordinal)).Index + 1;
        lab.Output.ShouldContain($"load-test-policy.yaml:{line}: ");
        lab.Output.ShouldContain("load-test/load-test-1");
        lab.Output.ShouldContain("808080");
        lab.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_port_in_use_is_named_when_the_offset_was_asked_for()
    {
        PrivateNetwork.Create().Dispose(); // skips where there are none
        // In a network of its own: on this machine another program may have the port already.
        await using var lab = LabProcess.StartAlone(
            "python3 -c 'import socket, time; s = socket.socket(); s.bind((\"\", 15401)); s.listen(); time.sleep(60)' "
                + ">/dev/null 2>&1 & until ss -Hltn sport = :15401 | grep -q .; do sleep 0.1; done",
            hasLoopback: true,
            "--port-offset",
            "7321"
        );

        (await lab.WaitAsync(s_limit)).ShouldBe(2, lab.Output);

        lab.Output.ShouldContain("port 15401 is held on all addresses by ");
        lab.Output.ShouldContain("choose another --port-offset than 7321");
        lab.Output.ShouldNotContain("   at ");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
