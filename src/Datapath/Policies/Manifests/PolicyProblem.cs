using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Something in a policy file that is wrong or not enforced here.</summary>
/// <param name="File">The file or other source.</param>
/// <param name="Line">The line, from 1; 0 when unknown.</param>
/// <param name="Policy"><c>namespace/name</c> of the policy, or its position when it has no name; empty when the file
/// as a whole is meant.</param>
/// <param name="Field">Path of the field, such as <c>spec.ingress[0].toPorts</c>; empty when the policy as a whole is
/// meant.</param>
/// <param name="Value">The offending value, shortened; empty when there is none.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record PolicyProblem(string File, int Line, string Policy, string Field, string Value, string Message)
{
    /// <summary>One printable line: <c>file:line: policy: field: "value": message</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(File);
        if (Line > 0)
            text.Append(CultureInfo.InvariantCulture, $":{Line}");
        foreach (string part in (string[])[Policy, Field, Value.Length == 0 ? "" : $"\"{Value}\"", Message])
        {
            if (part.Length > 0)
                text.Append(": ").Append(part);
        }
        return Printable.Text(text.ToString(), int.MaxValue);
    }
}

/// <summary>What reading a source gave: policies or problems, never both.</summary>
/// <param name="Policies">The policies; empty when there is any problem.</param>
/// <param name="Problems">All problems found.</param>
public sealed record PolicyReadResult(
    ImmutableArray<NetworkPolicyModel> Policies,
    ImmutableArray<PolicyProblem> Problems
)
{
    /// <summary>
    /// What the reader of a valid policy should know: what it means in a lab without an outside world, and where Cilium
    /// does something else than the text says.
    /// </summary>
    public ImmutableArray<PolicyProblem> Notes { get; init; } = [];

    /// <summary>Whether the source had no problem.</summary>
    public bool IsValid => Problems.IsEmpty;
}
