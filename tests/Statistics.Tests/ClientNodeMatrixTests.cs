namespace CiliumDebugging.Statistics.Tests;

public class ClientNodeMatrixTests
{
    private static readonly string?[] s_backendNodes = ["worker", "worker2", "worker3"];

    [Fact]
    public void One_nodes_stale_service_map_is_skew_in_its_row_and_nowhere_else()
    {
        var matrix = new ClientNodeMatrix(Draws.ThreePods, s_backendNodes);
        var draws = new Draws(1);
        for (var i = 0; i < 20_000; i++)
        {
            matrix.Add("worker", draws.Below(3));
            matrix.Add("worker2", draws.Below(3));
            if (i % 20 == 0)
                matrix.Add("worker3", draws.Below(2));
        }
        var rows = matrix.Rows();
        rows.Select(r => r.ClientNode).ShouldBe(["worker", "worker2", "worker3"]);
        rows.Select(r => r.Verdict.Kind).ShouldBe([VerdictKind.Even, VerdictKind.Even, VerdictKind.Skewed]);
        rows[2].Verdict.Starved.ShouldBe(["backend-c"]);
        rows[0].Verdict.ErrorProbability.ShouldBe(1e-4 / 3);
        var aggregate = BackendCounts.Of([
            .. Enumerable.Range(0, 3).Select(b => rows.Sum(r => r.Counts.PerBackend[b])),
        ]);
        SkewTest.Evaluate(Draws.ThreePods, aggregate).Kind.ShouldBe(VerdictKind.Even);
    }

    [Fact]
    public void Locality_is_the_share_that_stays_on_the_clients_node()
    {
        var matrix = new ClientNodeMatrix(Draws.ThreePods, s_backendNodes);
        for (var i = 0; i < 900; i++)
            matrix.Add("worker3", i % 9 < 6 ? 2 : i % 2);
        var locality = matrix.Locality().ShouldNotBeNull();
        locality.Share.Estimate.ShouldBe(2 / 3.0, 1e-12);
        locality.Expected.ShouldBe(1 / 3.0, 1e-12);
        locality.Share.Lower.ShouldBeGreaterThan(locality.Expected);
    }

    [Fact]
    public void Unattributed_selections_widen_the_locality_and_stay_a_cell()
    {
        var matrix = new ClientNodeMatrix(Draws.ThreePods, s_backendNodes);
        for (var i = 0; i < 1000; i++)
            matrix.Add("worker3", i % 2 == 0 ? 2 : null);
        var locality = matrix.Locality().ShouldNotBeNull();
        locality.Share.Lower.ShouldBeLessThan(0.5);
        locality.Share.Upper.ShouldBe(1);
        matrix.Rows()[0].Counts.Unattributed.ShouldBe(500);
    }

    [Fact]
    public void Nodes_beyond_the_capacity_share_a_row()
    {
        var matrix = new ClientNodeMatrix(Draws.ThreePods, s_backendNodes, capacity: 2);
        foreach (var node in new[] { "a", "b", "c", "d", "a" })
            matrix.Add(node, 0);
        matrix
            .Rows()
            .Select(r => (r.ClientNode, r.Counts.Total))
            .ShouldBe([(ClientNodeMatrix.OtherNodes, 2L), ("a", 2L), ("b", 1L)]);
    }
}
