using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>Kubeconfigs that cannot be used: one line says what, of which file and context, and what to do.</summary>
public sealed class KubeconfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubeconfig-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("# nothing", "the file is empty")]
    [InlineData("hello", "this is not a kubeconfig")]
    [InlineData("[]", "this is not a kubeconfig")]
    [InlineData("a:\n\tb: c", "line 1: this is not a kubeconfig")]
    [InlineData("{clusters: null, users: null, contexts: null}", "it has no current context; give --context NAME")]
    [InlineData("{current-context: x, contexts: [{name: lab}]}", "there is no context 'x'; its contexts: lab")]
    [InlineData("{current-context: lab, contexts: [null, {name: lab}]}", "context 'lab' names no cluster")]
    public void What_is_missing_is_said_with_the_file(string text, string expected) =>
        Problem(text).ShouldContain(expected);

    [Theory]
    [InlineData("", "{token: t}", "context 'lab': there is no cluster 'c'")]
    [InlineData("{}", "{token: t}", "context 'lab': cluster 'c' has no server")]
    [InlineData("{server: not a url}", "{token: t}", "server 'not a url' of cluster 'c' is not a URL")]
    [InlineData("{server: 'https://a', proxy-url: 'http://b'}", "{token: t}", "cluster 'c' has a proxy-url")]
    [InlineData("{server: 'https://a'}", "", "context 'lab': there is no user 'u', or it has no credentials")]
    [InlineData("{server: 'https://a'}", "{}", "does not have appropriate auth credentials")]
    [InlineData(
        "{server: 'https://a', certificate-authority-data: Zm9v}",
        "{token: t}",
        "the certificate authority of cluster 'c' has no certificate"
    )]
    [InlineData(
        "{server: 'https://a', certificate-authority-data: '%'}",
        "{token: t}",
        "cluster 'c' or user 'u' cannot"
    )]
    [InlineData("{server: 'https://a', certificate-authority: no.crt}", "{token: t}", "no.crt")]
    [InlineData(
        "{server: 'https://a'}",
        "{client-certificate: no.crt, client-key: no.key}",
        "key of user 'u' cannot be used"
    )]
    [InlineData(
        "{server: 'https://a'}",
        "{client-certificate-data: Zm9v, client-key-data: Zm9v}",
        "key of user 'u' cannot"
    )]
    public void What_a_context_lacks_is_said_with_its_names(string cluster, string user, string expected) =>
        Problem(Text(cluster, user)).ShouldContain(expected);

    [Theory]
    [InlineData("no-such-plugin", "[]", "cannot be started: ")]
    [InlineData("sh", "[-c, 'echo no login >&2; exit 3']", "ended with exit code 3: no login")]
    [InlineData("echo", "[hi]", "printed no ExecCredential (JSON) on standard output")]
    [InlineData("echo", "['[1]']", "printed no ExecCredential (JSON) on standard output")]
    [InlineData("echo", """['{"status": {}}']""", "printed an ExecCredential without a token")]
    [InlineData("sleep", "[100]", "did not end within 10 s")]
    public void A_credential_plugin_without_credentials_is_named_with_what_it_said(
        string command,
        string arguments,
        string expected
    ) => Problem(Text("{server: 'https://a'}", Plugin(command, arguments))).ShouldContain($"'{command}' {expected}");

    [Fact]
    public async Task The_arguments_of_a_credential_plugin_keep_their_quotes_and_its_token_is_renewed_when_it_expires()
    {
        var runs = Path.Combine(_folder, "runs");
        var script = $$"""echo x >> '{{runs}}'; printf '%s' "$1" """.Trim();
        const string Credential =
            """{"status": {"token": "the token", "expirationTimestamp": "2020-01-01T00:00:00Z"}}""";
        var arguments = $"[-c, {Quoted(script)}, plugin, {Quoted(Credential)}]";
        var read = Kubeconfig.Read(Write(Text("{server: 'https://a'}", Plugin("sh", arguments))));
        read.AccessToken.ShouldBe("the token");
        var header = await read.TokenProvider.GetAuthenticationHeaderAsync(TestContext.Current.CancellationToken);
        header.ToString().ShouldBe("Bearer the token");
        (await File.ReadAllLinesAsync(runs, TestContext.Current.CancellationToken)).Length.ShouldBe(2);
    }

    [Fact]
    public void A_certificate_and_its_key_of_a_kubeconfig_or_a_plugin_are_used()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=u", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(_folder, "u.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "u.key"), key.ExportECPrivateKeyPem());
        // Relative paths start from the folder of the file.
        Kubeconfig
            .Read(Write(Text("{server: 'https://a'}", "{client-certificate: u.crt, client-key: u.key}")))
            .ClientCertificateFilePath.ShouldBe(Path.Combine(_folder, "u.crt"));
        var credential = System.Text.Json.JsonSerializer.Serialize(
            new
            {
                status = new
                {
                    clientCertificateData = certificate.ExportCertificatePem(),
                    clientKeyData = key.ExportECPrivateKeyPem(),
                },
            }
        );
        var read = Kubeconfig.Read(
            Write(Text("{server: 'https://a'}", Plugin("printf", $"['%s', {Quoted(credential)}]")))
        );
        read.ClientCertificateData.ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("observe backend/backend-1 --for 3s --output")]
    [InlineData("scenario run two-sided-l7")]
    [InlineData("attack http://127.0.0.1:1/ --pods 1")]
    public async Task A_command_with_a_kubeconfig_that_cannot_be_used_ends_with_one_line_and_exit_code_2(string words)
    {
        var file = Write("");
        string[] output = words.EndsWith("--output", StringComparison.Ordinal) ? [""] : [];
        using var program = Process.Start(
            new ProcessStartInfo(
                DotnetProcess.DotnetHost(),
                [typeof(ClusterChoice).Assembly.Location, .. words.Split(' '), .. output, "--kubeconfig", file]
            )
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        var errors = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        errors.TrimEnd().ShouldEndWith($"{file}: the file is empty; expected a kubeconfig");
        errors.TrimEnd().ShouldNotContain('\n');
        program.ExitCode.ShouldBe((int)ExitCode.BadUsage);
    }

    [Fact]
    public void A_token_with_a_line_break_is_named_with_file_and_user() =>
        Problem(Text("{server: 'https://a'}", "{token: \"first\\nsecond\"}"))
            .ShouldContain("the token of user 'u' has a line break or another control character in it");

    [Theory]
    [InlineData("{server: 'https://a', certificate-authority: pipe}", "{token: t}")]
    [InlineData("{server: 'https://a'}", "{client-certificate: pipe, client-key: pipe}")]
    public void A_file_that_it_names_and_that_is_a_pipe_is_refused_at_once(string cluster, string user)
    {
        using (var mkfifo = Process.Start("mkfifo", [Path.Combine(_folder, "pipe")]))
            mkfifo.WaitForExit();
        Problem(Text(cluster, user)).ShouldEndWith("pipe' is not a regular file");
    }

    [Fact]
    public void A_device_without_an_end_is_refused() =>
        Should
            .Throw<KubeconfigException>(() => Kubeconfig.Read("/dev/zero"))
            .Message.ShouldContain("which is the limit");

    private string Problem(string text)
    {
        var file = Write(text);
        var message = Should.Throw<KubeconfigException>(() => Kubeconfig.Read(file)).Message;
        message.ShouldStartWith($"{file}: ");
        message.ShouldNotContain('\n');
        message.ShouldNotContain("k8s.");
        return message;
    }

    private string Write(string text)
    {
        var file = Path.Combine(_folder, "config");
        File.WriteAllText(file, text);
        return file;
    }

    private static string Plugin(string command, string arguments) =>
        $"{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, args: {arguments}}}}}";

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Text(string cluster, string user) =>
        string.Join(
            '\n',
            "current-context: lab",
            "contexts: [{name: lab, context: {cluster: c, user: u}}]",
            cluster.Length == 0 ? "clusters: []" : $"clusters: [{{name: c, cluster: {cluster}}}]",
            user.Length == 0 ? "users: []" : $"users: [{{name: u, user: {user}}}]"
        );
}
