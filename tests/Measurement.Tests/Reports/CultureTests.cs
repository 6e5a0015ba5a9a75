using System.Globalization;

namespace CiliumDebugging.Measurement.Tests.Reports;

public sealed class CultureTests
{
    /// <summary>Texts are interpolated without a culture: the whole solution runs with
    /// InvariantGlobalization.</summary>
    [Fact]
    public void No_culture_but_the_invariant_one_exists()
    {
        CultureInfo.CurrentCulture.ShouldBe(CultureInfo.InvariantCulture);
        Should.Throw<CultureNotFoundException>(() => CultureInfo.GetCultureInfo("de-DE"));
    }
}
