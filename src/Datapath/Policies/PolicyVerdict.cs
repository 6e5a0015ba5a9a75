namespace CiliumDebugging.Datapath.Policies;

/// <summary>What happens to a new connection in one direction.</summary>
public enum VerdictKind
{
    /// <summary>It passes untouched.</summary>
    Allow,

    /// <summary>Its packets are dropped silently; the client sees a timeout.</summary>
    Drop,

    /// <summary>It goes through the node's HTTP proxy.</summary>
    Redirect,
}

/// <summary>Why a connection is dropped.</summary>
public enum DropReason
{
    /// <summary>It is not dropped.</summary>
    None,

    /// <summary>No rule allows it and the subject is in default deny (Hubble: <c>POLICY_DENIED</c>).</summary>
    PolicyDenied,

    /// <summary>A deny rule matches (Hubble: <c>POLICY_DENY</c>).</summary>
    DeniedByDenyRule,
}

/// <summary>The verdict on a connection in one direction. Compared by value: two redirects are equal when their rules
/// are.</summary>
public readonly record struct PolicyVerdict
{
    private PolicyVerdict(VerdictKind kind, DropReason reason, HttpRuleSet? http) =>
        (Kind, Reason, Http) = (kind, reason, http);

    /// <summary>The connection passes.</summary>
    public static PolicyVerdict Allow => default;

    /// <summary>What happens.</summary>
    public VerdictKind Kind { get; }

    /// <summary>Why it is dropped.</summary>
    public DropReason Reason { get; }

    /// <summary>The HTTP rules of a redirect; otherwise null.</summary>
    public HttpRuleSet? Http { get; }

    /// <summary>Whether the connection goes through the proxy.</summary>
    public bool IsRedirect => Kind == VerdictKind.Redirect;

    /// <summary>Whether the connection is dropped.</summary>
    public bool IsDrop => Kind == VerdictKind.Drop;

    /// <summary>The connection is dropped.</summary>
    public static PolicyVerdict Drop(DropReason reason) => new(VerdictKind.Drop, reason, null);

    /// <summary>The connection goes through the proxy, which enforces the rules.</summary>
    public static PolicyVerdict Redirect(HttpRuleSet http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return new PolicyVerdict(VerdictKind.Redirect, DropReason.None, http);
    }

    public override string ToString() =>
        Kind switch
        {
            VerdictKind.Allow => "allow",
            VerdictKind.Drop => $"drop ({Reason})",
            _ => $"redirect ({Http})",
        };
}
