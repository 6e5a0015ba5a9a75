using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>A call of an external program.</summary>
/// <param name="Program">Its name, found on PATH.</param>
/// <param name="Arguments">Arguments, one each.</param>
internal sealed partial record ProgramCall(string Program, ImmutableArray<string> Arguments)
{
    /// <summary>How long it may take. Default 1 min.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Variables in addition to this process's own.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Whether it takes so long that its lines are shown as they are written.</summary>
    public bool IsLong { get; init; }

    /// <summary>The call, to paste into a shell.</summary>
    public override string ToString() =>
        string.Join(
            ' ',
            Environment.Select(v => $"{v.Key}={Quote(v.Value)}").Append(Program).Concat(Arguments.Select(Quote))
        );

    private static string Quote(string text) =>
        Plain().IsMatch(text) ? text : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[A-Za-z0-9_@%+=:,./-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}

/// <summary>How a call ended.</summary>
/// <param name="ExitCode">Exit code.</param>
/// <param name="Output">The last lines of standard output.</param>
/// <param name="Error">The last lines of standard error.</param>
internal sealed record ProgramResult(int ExitCode, string Output, string Error);
