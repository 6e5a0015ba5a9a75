namespace CiliumDebugging.Measurement.Status;

/// <summary>How a Pod's successes compare with its fair share.</summary>
public enum RowState
{
    /// <summary>At least half of its fair share, a success where too few are due to compare, or no share is due to it.
    /// </summary>
    Answers,

    /// <summary>Less than half of its fair share so far, before there is a verdict, or no success where too few are
    /// due.</summary>
    Undecided,

    /// <summary>Less than half of its fair share, in a run that is called skewed.</summary>
    Short,

    /// <summary>2 % of its fair share or less, in a run that is called skewed.</summary>
    Silent,
}
