using System.Collections.Immutable;
using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// The options that name a Prometheus. Secrets are in files or variables: a command line is visible to every user of a
/// machine.
/// </summary>
internal sealed class PrometheusOptions
{
    private const string TokenVariable = "PROMETHEUS_TOKEN",
        UserVariable = "PROMETHEUS_USER",
        PasswordVariable = "PROMETHEUS_PASSWORD";

    private const int MaxSecretBytes = 64 << 10;

    private readonly Option<string?> _url = new("--prometheus")
    {
        Description = "Query this Prometheus instead of scraping, e.g. http://127.0.0.1:9090",
        HelpName = "url",
    };
    private readonly Option<string?> _token = new("--prometheus-token")
    {
        Description = $"File with a bearer token for it; or the variable {TokenVariable}",
        HelpName = "file",
    };
    private readonly Option<string?> _user = new("--prometheus-user")
    {
        Description = $"User for Basic authentication; or the variable {UserVariable}",
        HelpName = "name",
    };
    private readonly Option<string?> _password = new("--prometheus-password")
    {
        Description = $"File with the user's password; or the variable {PasswordVariable}",
        HelpName = "file",
    };
    private readonly Option<string[]> _headers = new("--prometheus-header")
    {
        Description = "Header of each query, e.g. 'X-Scope-OrgID: TENANT'; 'NAME: @FILE' reads the value",
        HelpName = "name: value",
    };
    private readonly Option<string[]> _labels = new("--prometheus-label")
    {
        Description = "Use only series with this label, e.g. cluster=NAME where the server has several clusters",
        HelpName = "name=value",
    };

    public IEnumerable<Option> All => [_url, _token, _user, _password, _headers, _labels];

    /// <summary>The server; null when none is named, or with problems.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="variable">The value of an environment variable.</param>
    /// <param name="problems">Gets what is wrong, without secrets.</param>
    public PrometheusServer? Read(ParseResult parsed, Func<string, string?> variable, List<string> problems)
    {
        if (parsed.GetValue(_url) is not { } text)
        {
            foreach (var option in All.Where(o => o != _url && parsed.GetResult(o) is { Implicit: false }))
                problems.Add($"{option.Name}: give the server as well, with --prometheus URL");
            return null;
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            var shown = text[(text.LastIndexOf('@') + 1)..];
            problems.Add($"--prometheus '{shown}': expected an http or https URL, for example http://127.0.0.1:9090");
            return null;
        }
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            problems.Add("--prometheus: a query or fragment of the URL is not used; remove it");
        return new PrometheusServer(new Uri(url.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped)))
        {
            Credentials = Credentials(parsed, url, variable, problems),
            Headers = [.. Headers(parsed, problems)],
            Labels = [.. Labels(parsed, problems)],
        };
    }

    private AuthenticationHeaderValue? Credentials(
        ParseResult parsed,
        Uri url,
        Func<string, string?> variable,
        List<string> problems
    )
    {
        var (user, tokenFile, passwordFile) = (
            parsed.GetValue(_user),
            parsed.GetValue(_token),
            parsed.GetValue(_password)
        );
        var given = (url.UserInfo.Length > 0 ? 1 : 0) + (tokenFile is null ? 0 : 1) + (user is null ? 0 : 1);
        if (given > 1)
        {
            problems.Add("--prometheus: give the credentials once, in the URL, with --prometheus-user or as a token");
            return null;
        }
        if (url.UserInfo.Length > 0)
        {
            var parts = url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString).ToArray();
            return Basic(parts[0], parts.Length > 1 ? parts[1] : "");
        }
        if (tokenFile is not null)
            return Bearer(FromFile(_token.Name, tokenFile, problems), _token.Name, problems);
        // Variables are for what the command line does not say.
        if (user is null && variable(TokenVariable) is { Length: > 0 } token)
            return Bearer(token.Trim(), TokenVariable, problems);
        user ??= variable(UserVariable) is { Length: > 0 } named ? named : null;
        if (user is null)
        {
            if (passwordFile is not null)
                problems.Add($"{_password.Name}: give the user as well, with {_user.Name} NAME");
            return null;
        }
        if (user.Contains(':', StringComparison.Ordinal))
        {
            problems.Add($"{_user.Name}: a user of Basic authentication has no colon");
            return null;
        }
        var password = passwordFile is null
            ? variable(PasswordVariable)
            : FromFile(_password.Name, passwordFile, problems);
        if (password is not null)
            return Basic(user, password);
        if (passwordFile is null)
            problems.Add($"{_user.Name}: give the password as well, with {_password.Name} FILE or {PasswordVariable}");
        return null;
    }

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static AuthenticationHeaderValue? Bearer(string? token, string source, List<string> problems)
    {
        if (token is null)
            return null;
        if (token.Length > 0 && token.All(c => c is > ' ' and <= '~'))
            return new AuthenticationHeaderValue("Bearer", token);
        problems.Add($"{source}: expected one token of printable ASCII characters without blanks");
        return null;
    }

    private IEnumerable<KeyValuePair<string, string>> Headers(ParseResult parsed, List<string> problems)
    {
        foreach (var text in parsed.GetValue(_headers) ?? [])
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon < 0 ? (text, "") : (text[..colon].Trim(), text[(colon + 1)..].Trim());
            if (value.StartsWith('@'))
                value = FromFile(_headers.Name, value[1..], problems) ?? "-";
            if (
                name.Length == 0
                || value.Length == 0
                || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
                || value.Any(char.IsControl)
            )
                problems.Add($"{_headers.Name} '{name}': expected 'NAME: VALUE', for example 'X-Scope-OrgID: team'");
            else if (name.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
                problems.Add($"{_headers.Name} {name}: use {_token.Name} or {_user.Name}");
            else
                yield return KeyValuePair.Create(name, value);
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Labels(ParseResult parsed, List<string> problems)
    {
        foreach (var text in parsed.GetValue(_labels) ?? [])
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? text : text[..equals];
            if (equals > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
                yield return KeyValuePair.Create(name, text[(equals + 1)..]);
            else
                problems.Add($"{_labels.Name} '{text}': expected NAME=VALUE, for example cluster=prod");
        }
    }

    private static string? FromFile(string option, string file, List<string> problems)
    {
        try
        {
            return RegularFile.ReadTextOrPipe(file, MaxSecretBytes).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{option} '{file}': cannot be read: {Secrets.Hide(e.Message)}");
            return null;
        }
    }
}
