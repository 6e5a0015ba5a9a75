namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Finds scenarios: those that come with the lab, by name, and any folder with a scenario.yaml, by path.</summary>
public static class ScenarioCatalog
{
    private const string FileName = "scenario.yaml";

    /// <summary>The folder of the scenarios that come with the lab.</summary>
    public static string BuiltIn { get; } = Path.Combine(AppContext.BaseDirectory, "scenarios");

    /// <summary>Names of the scenarios that come with the lab.</summary>
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

    /// <summary>Names and titles of a scenario and of those that come with the lab, by name; one that cannot be read is left out.</summary>
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
                // It says what is wrong with it when it is asked for by name.
                return null;
            }
        }
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="nameOrPath">A name, or the path of a folder with a scenario.yaml.</param>
    /// <exception cref="ScenarioException">There is none, or it cannot be read; the message has one line for each problem.</exception>
    public static Scenario Load(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        var folder = new[]
        {
            nameOrPath.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? nameOrPath
                : Path.Combine(BuiltIn, nameOrPath),
        }.FirstOrDefault(f => nameOrPath.Length > 0 && File.Exists(Path.Combine(f, FileName)));
        return folder is not null
            ? ScenarioReader.Read(folder)
            : throw new ScenarioException(
                $"there is no scenario '{nameOrPath}': choose one of {string.Join(", ", Names)}, or give the path of a folder with a {FileName}"
            );
    }
}
