using System.Net;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Engines.Epoll;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class EngineChoiceTests
{
    private static AttackPlan Plan => EngineContractTests.Plan(new IPEndPoint(IPAddress.Loopback, 80));

    [Fact]
    public void A_high_rate_of_fresh_connections_gets_io_uring_where_the_machine_gives_it_and_epoll_elsewhere()
    {
        Assert.SkipUnless(EpollEngine.IsSupported, "both need Linux");
        var plan = Plan with { RatePerSecond = 10_000 };
        AttackEngines.For(plan).Name.ShouldBe(IoUringEngine.IsSupported ? "io_uring" : "epoll");
        AttackEngines.FallbackReason(plan).ShouldBe(IoUringEngine.Refusal);
    }

    [Fact]
    public void A_plan_beyond_io_uring_gets_epoll_and_that_is_no_fallback()
    {
        Assert.SkipUnless(EpollEngine.IsSupported, "epoll needs Linux");
        AttackPlan[] plans =
        [
            Plan with
            {
                RatePerSecond = 10_000,
                KeepAliveConnections = 4,
            },
            Plan with
            {
                RatePerSecond = 10_000,
                Ports = ClientPortRange.Kernel,
            },
            Plan with
            {
                RatePerSecond = 10_000,
                Targets = [Plan.Targets[0] with { Body = new byte[IoUringEngine.MaxRequestBytes] }],
            },
        ];
        foreach (var plan in plans)
        {
            AttackEngines.For(plan).Name.ShouldBe("epoll");
            AttackEngines.FallbackReason(plan).ShouldBeNull();
        }
    }

    [Theory]
    [InlineData("httpclient", "foo:abc")]
    [InlineData("httpclient", "a/b")]
    [InlineData("auto", "foo:abc")]
    public void A_host_that_no_url_can_have_is_refused_where_the_engine_needs_one(string name, string host)
    {
        var plan = Plan with { Targets = [Plan.Targets[0] with { Host = host, IsTls = name == "auto" }] };
        AttackEngines.Named(name, plan).Problem.ShouldNotBeNull().ShouldContain($"host '{host}'");
        AttackEngines
            .Named("sockets", plan with { Targets = [plan.Targets[0] with { IsTls = false }] })
            .Problem.ShouldBeNull();
    }

    [Theory]
    [InlineData("[::1]:8080")]
    [InlineData("my_service.namespace:80")]
    public void A_host_as_of_a_url_is_not_refused(string host) =>
        AttackEngines
            .Named("httpclient", Plan with { Targets = [Plan.Targets[0] with { Host = host }] })
            .Problem.ShouldBeNull();

    [Theory]
    [InlineData(Errno.Enosys, "0", "this kernel has no io_uring")]
    [InlineData(Errno.Einval, "0", "needs Linux 6.11")]
    [InlineData(Errno.Eperm, "2", "sysctl kernel.io_uring_disabled=2")]
    [InlineData(Errno.Eperm, "0", "seccomp")]
    [InlineData(Errno.Emfile, "0", "EMFILE")]
    public void A_machine_without_io_uring_says_why(int errno, string disabled, string expected) =>
        RingRefusal.Describe(errno, disabled).ShouldContain(expected);
}
