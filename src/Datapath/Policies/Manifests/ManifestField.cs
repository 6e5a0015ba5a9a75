using System.Collections.Frozen;
using System.Globalization;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>The problems and notes found so far in a source, the policy that is being read, and the release it is read
/// for.</summary>
internal sealed class ProblemList(string file, CiliumVersion release)
{
    private readonly List<PolicyProblem> _problems = [];
    private readonly List<PolicyProblem> _notes = [];

    public CiliumVersion Release => release;

    public string Policy { get; set; } = "";

    public int Count => _problems.Count;

    public IReadOnlyList<PolicyProblem> All => _problems;

    public IReadOnlyList<PolicyProblem> Notes => _notes;

    public void Add(int line, string field, string value, string message) =>
        _problems.Add(new PolicyProblem(file, line, Policy, field, Printable.Text(value), message));

    public void Note(int line, string field, string message) =>
        _notes.Add(new PolicyProblem(file, line, Policy, field, "", message));
}

/// <summary>The fields a map may have.</summary>
/// <param name="known">Fields that are read.</param>
/// <param name="notEnforced">Fields that Cilium or Kubernetes knows and this lab does not enforce, with what to do
/// instead.</param>
internal sealed class FieldTable(string[] known, params (string Name, string Remedy)[] notEnforced)
{
    private readonly FrozenDictionary<string, string> _notEnforced = notEnforced.ToFrozenDictionary(
        f => f.Name,
        f => f.Remedy,
        StringComparer.Ordinal
    );

    /// <summary>Whether an empty list of what is not enforced is accepted.</summary>
    public bool EmptyListsAreAbsent { get; init; }

    /// <summary>The known fields that a release began, with what began them; unknown before it.</summary>
    public (string Name, ReleaseChange Begun)[] Begun { get; init; } = [];

    /// <summary>Those that are read before their release, too, with a note: policies of today have them, and they
    /// change little of what the lab shows.</summary>
    public (string Name, ReleaseChange Begun)[] ReadEarly { get; init; } = [];

    public FrozenSet<string> Known { get; } = known.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What began a field that a release does not have yet; null: it has it, or never will.</summary>
    public ReleaseChange? MissingIn(CiliumVersion release, string name) => Missing(Begun, release, name);

    /// <summary>What began a field that is read though a release does not have it yet; null: it has it.</summary>
    public ReleaseChange? ReadBefore(CiliumVersion release, string name) => Missing(ReadEarly, release, name);

    private static ReleaseChange? Missing(
        (string Name, ReleaseChange Begun)[] fields,
        CiliumVersion release,
        string name
    ) => Array.Find(fields, f => f.Name == name && !f.Begun.In(release)).Begun;

    /// <summary>Why a field that Cilium has is refused.</summary>
    public static string NotEnforced(string remedy) =>
        $"recognised but not enforced here, and part of a policy would mislead: {remedy}";

    public string? RemedyFor(string name) => _notEnforced.GetValueOrDefault(name);
}

/// <summary>A value of a manifest with its path. The readers ask it for what they expect; it reports what does not
/// fit.</summary>
internal readonly record struct ManifestField(ManifestNode Node, string Path, ProblemList Problems)
{
    public void Report(string message) => Problems.Add(Node.Line, Path, Node.Display, message);

    /// <summary>Says what a valid field means here.</summary>
    public void Note(string message) => Problems.Note(Node.Line, Path, message);

    /// <summary>Says that a value of a later release is read as that release reads it.</summary>
    public void NoteEarly(ReleaseChange begun) =>
        Note($"Cilium {Problems.Release} does not have it; read as {begun.Since} reads it");

    /// <summary>Whether it is a list without entries.</summary>
    public bool IsEmptyList => Node is { Type: ManifestType.List, Items.Count: 0 };

    /// <summary>The fields of a map by name. Unknown and not enforced ones are reported and left out.</summary>
    /// <param name="table">What is allowed.</param>
    /// <param name="nullIsAbsent">Whether <c>field: null</c> is the same as no field: so for built-in kinds and
    /// metadata, not for custom resources.</param>
    public Dictionary<string, ManifestField>? Map(FieldTable table, bool nullIsAbsent = false)
    {
        if (!Is(ManifestType.Map))
            return null;
        Dictionary<string, ManifestField> fields = new(StringComparer.Ordinal);
        foreach ((string key, int line, ManifestNode value) in Node.Fields)
        {
            ManifestField field = Child(key, value);
            if (table.MissingIn(Problems.Release, key) is { } begun)
                Problems.Add(line, field.Path, "", $"unknown field '{key}' before Cilium {begun.Since}");
            else if (table.Known.Contains(key))
            {
                if (table.ReadBefore(Problems.Release, key) is { } later)
                    field.NoteEarly(later);
                if (value.Type != ManifestType.Null)
                    fields[key] = field;
                else if (!nullIsAbsent)
                    field.Report("the field has no value: an API server refuses that; give it one or remove the field");
            }
            else if (!(table.EmptyListsAreAbsent && field.IsEmptyList && table.RemedyFor(key) is not null))
                Problems.Add(line, field.Path, "", Unusable(key, table));
        }
        return fields;
    }

    private static string Unusable(string key, FieldTable table) =>
        table.RemedyFor(key) is { } remedy
            ? $"'{key}' is {FieldTable.NotEnforced(remedy)}"
            : $"unknown field '{Printable.Text(key)}'; known here: "
                + string.Join(", ", table.Known.Order(StringComparer.Ordinal));

    /// <summary>All entries of a map with free keys.</summary>
    public IEnumerable<(string Key, ManifestField Value)> Entries()
    {
        if (!Is(ManifestType.Map))
            yield break;
        foreach ((string key, _, ManifestNode value) in Node.Fields)
            yield return (key, Child(key, value));
    }

    public IEnumerable<ManifestField> Items()
    {
        if (!Is(ManifestType.List))
            yield break;
        for (int i = 0; i < Node.Items.Count; i++)
            yield return new ManifestField(Node.Items[i], $"{Path}[{i}]", Problems);
    }

    public string? Text() => Is(ManifestType.Text) ? Node.Text : null;

    public bool? Boolean()
    {
        if (!Is(ManifestType.Boolean))
            return null;
        return Node.Text is "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y";
    }

    /// <summary>A decimal number within bounds.</summary>
    public int? Integer(int min, int max)
    {
        if (!Is(ManifestType.Integer))
            return null;
        if (
            int.TryParse(Node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= min
            && value <= max
        )
            return value;
        Report($"must be a number from {min} to {max}");
        return null;
    }

    private ManifestField Child(string key, ManifestNode value) =>
        new(value, Path.Length == 0 ? Printable.Text(key) : $"{Path}.{Printable.Text(key)}", Problems);

    private bool Is(ManifestType expected)
    {
        if (Node.Type == expected)
            return true;
        string remedy =
            expected == ManifestType.Text
            && Node.Type is ManifestType.Integer or ManifestType.Number or ManifestType.Boolean
                ? "; quote it"
                : "";
        Report($"must be {Name(expected)}, is {Name(Node.Type)}{remedy}");
        return false;
    }

    private static string Name(ManifestType type) =>
        type switch
        {
            ManifestType.Null => "null",
            ManifestType.Boolean => "a boolean",
            ManifestType.Integer => "a whole number",
            ManifestType.Number => "a number",
            ManifestType.Text => "a text",
            ManifestType.List => "a list",
            _ => "a map",
        };
}
