using CiliumDebugging.Lab.Clusters;

namespace CiliumDebugging.Lab.Tests.Clusters;

public sealed class ApiMessagesTests
{
    [Fact]
    public void A_failure_says_what_is_behind_it_and_nothing_twice()
    {
        var reset = new IOException("Connection reset by peer");
        var read = new IOException(
            "Unable to read data from the transport connection: Connection reset by peer.",
            reset
        );

        ApiMessages
            .Of(new HttpRequestException("An error occurred while sending the request.", read))
            .ShouldBe(
                "An error occurred while sending the request: "
                    + "Unable to read data from the transport connection: Connection reset by peer"
            );
        ApiMessages.Of(new TimeoutException("no pod is ready")).ShouldBe("no pod is ready");
    }
}
