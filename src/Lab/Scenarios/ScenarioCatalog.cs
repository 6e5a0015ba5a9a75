namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Finds scenarios: built-in ones by name, and any folder with a scenario.yaml by path.</summary>
public static class ScenarioCatalog
{
    private const string FileName = "scenario.yaml";

    /// <summary>The folder of the built-in scenarios.</summary>
    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "scenarios");

    /// <summary>Names of the built-in scenarios.</summary>
    public static IReadOnlyList<string> Names =>
        Directory.Exists(BuiltIn)
            ?
            [
                .. Directory
                    .EnumerateDirectories(BuiltIn)
                    .Where(d => File.Exists(Path.Combine(d, FileName)))
                    .Select(d => Path.GetFileName(d))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The built-in scenarios, by name.</summary>
    /// <exception cref="ScenarioException">One cannot be read.</exception>
    public static IReadOnlyList<Scenario> All => [.. Names.Select(Load)];

    /// <summary>
    /// Names and titles of a scenario and of the built-in ones, by name, without those that cannot be read.
    /// </summary>
    public static IEnumerable<(string Name, string Title)> Titles(Scenario first)
    {
        ArgumentNullException.ThrowIfNull(first);
        return Names
            .Where(n => n != first.Name)
            .Select(Title)
            .OfType<(string, string)>()
            .Prepend((first.Name, first.Title))
            .OrderBy(s => s.Item1, StringComparer.Ordinal);

        static (string, string)? Title(string name)
        {
            try
            {
                return (name, Load(name).Title);
            }
            catch (ScenarioException)
            {
                // Loading it by name reports the problem.
                return null;
            }
        }
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="nameOrPath">A name, or the path of a folder with a scenario.yaml.</param>
    /// <exception cref="ScenarioException">There is none, or it cannot be read: one line for each problem.</exception>
    public static Scenario Load(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        var isPath = nameOrPath.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);
        var folder = isPath ? nameOrPath : Path.Combine(BuiltIn, nameOrPath);
        return nameOrPath.Length > 0 && File.Exists(Path.Combine(folder, FileName))
            ? ScenarioReader.Read(folder)
            : throw new ScenarioException(
                $"there is no scenario '{nameOrPath}': choose one of {string.Join(", ", Names)}, "
                    + $"or give the path of a folder with a {FileName}"
            );
    }
}
