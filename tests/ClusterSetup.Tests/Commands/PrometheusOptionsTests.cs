using System.CommandLine;
using System.Text;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.Lab.Observing;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>How a Prometheus is named, and that its credentials stay secret.</summary>
public sealed class PrometheusOptionsTests : IDisposable
{
    private const string Secret = "s3cr3t-of-the-test";

    private readonly string _folder = Directory.CreateTempSubdirectory("prometheus-options-").FullName;
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Credentials_of_the_URL_are_sent_and_not_part_of_the_address()
    {
        var (server, problems) = Read("--prometheus", $"http://us%40er:{Secret}@127.0.0.1:9090/prom");
        problems.ShouldBeEmpty();
        Basic(server).ShouldBe($"us@er:{Secret}");
        server!.Address.ToString().ShouldBe("http://127.0.0.1:9090/prom");
        server.ToString().ShouldBe("http://127.0.0.1:9090/prom");
    }

    [Fact]
    public void A_token_comes_from_a_file_or_a_variable_and_the_file_wins()
    {
        _variables["PROMETHEUS_TOKEN"] = "from-the-variable";
        Read("--prometheus", "http://p").Server!.Credentials!.ToString().ShouldBe("Bearer from-the-variable");
        var (server, problems) = Read("--prometheus", "http://p", "--prometheus-token", FileOf($"{Secret}\n"));
        problems.ShouldBeEmpty();
        server!.Credentials!.ToString().ShouldBe($"Bearer {Secret}");
    }

    [Fact]
    public void A_password_comes_from_a_file_or_a_variable()
    {
        var file = FileOf($"{Secret}\n");
        Basic(Read("--prometheus", "http://p", "--prometheus-user", "u", "--prometheus-password", file).Server)
            .ShouldBe($"u:{Secret}");
        _variables["PROMETHEUS_USER"] = "v";
        _variables["PROMETHEUS_PASSWORD"] = "from the variable";
        Basic(Read("--prometheus", "http://p").Server).ShouldBe("v:from the variable");
    }

    [Fact]
    public void Headers_and_labels_may_be_repeated_and_a_header_may_come_from_a_file()
    {
        string[] arguments =
        [
            "--prometheus",
            "http://p",
            "--prometheus-header",
            "X-Scope-OrgID: team a",
            "--prometheus-header",
            $"X-Key: @{FileOf(Secret)}",
            "--prometheus-label",
            "cluster=prod=1",
            "--prometheus-label",
            "region=",
        ];
        var (server, problems) = Read(arguments);
        problems.ShouldBeEmpty();
        server!.Headers.Select(h => (h.Key, h.Value)).ShouldBe([("X-Scope-OrgID", "team a"), ("X-Key", Secret)]);
        server.Labels.Select(l => (l.Key, l.Value)).ShouldBe([("cluster", "prod=1"), ("region", "")]);
    }

    [Theory]
    [InlineData("--prometheus 'host': expected", "--prometheus", "user:s3cr3t-of-the-test@host")]
    [InlineData("a query or fragment of the URL", "--prometheus", "http://p/?token=s3cr3t-of-the-test")]
    [InlineData("--prometheus-user: give the server as well", "--prometheus-user", "u")]
    [InlineData("give the password as well", "--prometheus", "http://p", "--prometheus-user", "u")]
    [InlineData("give the user as well", "--prometheus", "http://p", "--prometheus-password", "/dev/null")]
    [InlineData("give the credentials once", "--prometheus", "http://u:s3cr3t-of-the-test@p", "--prometheus-user", "u")]
    [InlineData("has no colon", "--prometheus", "http://p", "--prometheus-user", "u:v")]
    [InlineData("cannot be read", "--prometheus", "http://p", "--prometheus-token", "/nothing/here")]
    [InlineData("expected one token", "--prometheus", "http://p", "--prometheus-token", "/dev/null")]
    [InlineData("expected 'NAME: VALUE'", "--prometheus", "http://p", "--prometheus-header", "X-Scope-OrgID")]
    [InlineData("expected 'NAME: VALUE'", "--prometheus", "http://p", "--prometheus-header", "X A: b")]
    [InlineData("use --prometheus-token", "--prometheus", "http://p", "--prometheus-header", "authorization: b")]
    [InlineData("expected NAME=VALUE", "--prometheus", "http://p", "--prometheus-label", "cluster")]
    [InlineData("expected NAME=VALUE", "--prometheus", "http://p", "--prometheus-label", "a\"}=b")]
    public void What_cannot_be_used_is_a_problem_without_a_secret(string expected, params string[] arguments)
    {
        var problem = Read(arguments).Problems.ShouldHaveSingleItem();
        problem.ShouldContain(expected);
        problem.ShouldNotContain(Secret);
    }

    private string FileOf(string text)
    {
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, text);
        return path;
    }

    private static string Basic(PrometheusServer? server)
    {
        server!.Credentials!.Scheme.ShouldBe("Basic");
        return Encoding.UTF8.GetString(Convert.FromBase64String(server.Credentials.Parameter!));
    }

    private (PrometheusServer? Server, List<string> Problems) Read(params string[] arguments)
    {
        var options = new PrometheusOptions();
        var command = new RootCommand();
        foreach (var option in options.All)
            command.Options.Add(option);
        List<string> problems = [];
        return (options.Read(command.Parse(arguments), _variables.GetValueOrDefault, problems), problems);
    }
}
