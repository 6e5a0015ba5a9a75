using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind.Cilium;

/// <summary>
/// A <c>--set</c> of the command line, as Helm reads it: <c>key=value</c>, several separated by commas, <c>{a,b}</c>
/// for a list, a backslash before a literal comma or dot.
///</summary>
internal static class SetOption
{
    /// <summary>Everything that is wrong with some <c>--set</c> options for a release.</summary>
    public static IEnumerable<string> Problems(CiliumVersion release, IEnumerable<string> options) =>
        options.SelectMany(option => Parts(option).Select(part => Problem(release, option, part))).OfType<string>();

    private static string? Problem(CiliumVersion release, string option, string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        var problem =
            equals > 0
                ? ChartValues.Published.Problem(release, part[..equals])
                : "must be key=value with a value of Cilium's Helm chart, for example --set debug.enabled=true";
        return problem is null ? null : $"--set {option}: {problem}";
    }

    /// <summary>The assignments of an option.</summary>
    public static IEnumerable<string> Parts(string option)
    {
        ArgumentNullException.ThrowIfNull(option);
        var (start, depth) = (0, 0);
        for (var i = 0; i < option.Length; i++)
        {
            switch (option[i])
            {
                case '\\':
                    i++;
                    break;
                case '{':
                    depth++;
                    break;
                case '}':
                    depth--;
                    break;
                case ',' when depth == 0:
                    yield return option[start..i];
                    start = i + 1;
                    break;
            }
        }
        yield return option[start..];
    }
}
