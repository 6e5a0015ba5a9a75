using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>Tests whether the selections of K backends are even, skewed or undecided, at every moment one looks.
/// Deterministic, no clock, not thread-safe.</summary>
/// <remarks>(1/2K) Σ (e^Up(u) + e^Dn(l)) is an e-process under "all shares within w(1 ± τ)" and min(e^Dn(u), e^Up(l))
/// under "some share outside": the probability that either ever reaches 1/α wrongly is at most α (Ville's inequality;
/// Lindon and Malek, arXiv 2011.03567).</remarks>
public sealed class SkewTest
{
    private readonly SkewEvidence _evidence;
    private readonly VerdictOptions _options;
    private readonly double[] _counts;
    private readonly double _logThreshold;
    private double _unattributed;

    /// <param name="expected">The shares to compare with, known before the connections start.</param>
    public SkewTest(ExpectedShares expected, VerdictOptions? options = null)
        : this(
            new SkewEvidence(Require(expected), (options ?? VerdictOptions.Default).Tolerance),
            options ?? VerdictOptions.Default
        ) { }

    internal SkewTest(SkewEvidence evidence, VerdictOptions options)
    {
        (_evidence, _options) = (evidence, options);
        _counts = new double[evidence.Expected.Count];
        _logThreshold = -Math.Log(options.ErrorProbability);
    }

    /// <summary>The shares that the selections are compared with.</summary>
    public ExpectedShares Expected => _evidence.Expected;
    public BackendCounts Counts => BackendCounts.FromDoubles(_counts, _unattributed);

    /// <summary>ln e-value of "skewed".</summary>
    public double LogEvidenceSkewed => _evidence.LogSkewed(_counts, _unattributed);

    /// <summary>ln e-value of "even".</summary>
    public double LogEvidenceEven => _evidence.LogEven(_counts, _unattributed);

    /// <summary>Whether the evidence of skew is at least 1/α now. Costs a few multiplications while the shares look
    /// even.</summary>
    public bool IsSkewed =>
        _evidence.LogSkewedBound(_counts, _unattributed) >= _logThreshold && LogEvidenceSkewed >= _logThreshold;

    /// <summary>Whether the evidence of evenness is at least 1/α now.</summary>
    public bool IsEven =>
        _evidence.LogEvenBound(_counts, _unattributed) >= _logThreshold && LogEvidenceEven >= _logThreshold;

    /// <summary>At most this many further selections cannot make <see cref="IsEven"/> true (one multiplies an e-value
    /// only so much).</summary>
    internal double SelectionsBeforeEven
    {
        get
        {
            var bound = _evidence.LogEvenBound(_counts, _unattributed);
            var evidence = bound < _logThreshold ? bound : LogEvidenceEven;
            return double.IsInfinity(evidence)
                ? 0
                : Math.Floor((_logThreshold - evidence) / _evidence.LogGreatestEvenStep);
        }
    }

    /// <summary>Evaluates counts that are already there.</summary>
    public static Verdict Evaluate(
        ExpectedShares expected,
        BackendCounts counts,
        VerdictOptions? options = null,
        SelectionUnit unit = SelectionUnit.FreshSelection
    )
    {
        var test = new SkewTest(expected, options);
        test.Add(counts);
        return test.Verdict(unit);
    }

    /// <summary>Counts one selection of the backend at position <paramref name="backend"/> of the expected
    /// shares.</summary>
    public void Add(int backend) => _counts[backend]++;

    /// <summary>Counts one selection whose backend is unknown.</summary>
    public void AddUnattributed() => _unattributed++;

    /// <summary>Adds several selections at once.</summary>
    /// <exception cref="ArgumentException">The number of backends differs, or a count is negative.</exception>
    public void Add(BackendCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.PerBackend.Length != _counts.Length)
            throw new ArgumentException(
                $"{counts.PerBackend.Length} counts for {_counts.Length} backends.",
                nameof(counts)
            );
        if (counts.Unattributed < 0 || counts.PerBackend.Any(c => c < 0))
            throw new ArgumentException("A count is negative.", nameof(counts));
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += counts.PerBackend[i];
        _unattributed += counts.Unattributed;
    }

    /// <summary>Intervals that contain all K shares at all times with probability 1 − α.</summary>
    public ImmutableArray<ShareInterval> Intervals() =>
        _evidence.Intervals(_counts, _unattributed, _options.ErrorProbability);

    /// <summary>ln e-value against exactly the expected shares (tolerance 0) under a Dirichlet(A·w) prior with A = K,
    /// over attributed selections. For display only: any real system is a little uneven, so it grows without bound. +∞
    /// when a backend with weight 0 was selected.</summary>
    /// <remarks>lnΓ(A) − lnΓ(n+A) + Σ [lnΓ(a_i+S_i) − lnΓ(a_i) − S_i ln w_i], arXiv 2011.03567.</remarks>
    public double LogEvidenceAgainstExactlyExpected()
    {
        if (_evidence.Competing == 0)
            return double.NaN;
        if (_evidence.SelectedWithoutWeight(_counts) > 0)
            return double.PositiveInfinity;
        double concentration = _evidence.Competing;
        var sum =
            SpecialFunctions.LogGamma(concentration)
            - SpecialFunctions.LogGamma(SkewEvidence.Total(_counts, 0) + concentration);
        for (var i = 0; i < _counts.Length; i++)
        {
            if (Expected.Weights[i] is not (> 0 and var w))
                continue;
            sum +=
                SpecialFunctions.LogGamma(concentration * w + _counts[i])
                - SpecialFunctions.LogGamma(concentration * w)
                - _counts[i] * Math.Log(w);
        }
        return sum;
    }

    /// <summary>The verdict at this moment.</summary>
    /// <param name="unit">What was counted: an error probability is given for fresh selections alone.</param>
    public Verdict Verdict(SelectionUnit unit = SelectionUnit.FreshSelection) =>
        VerdictOfCounts.Evaluate(_evidence, _counts, _unattributed, _options, unit);

    private static ExpectedShares Require(ExpectedShares expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return expected;
    }
}
