#include <gtest/gtest.h>

#include <cmath>

#include "core/limits.h"
#include "offloading/offloading_communication_handler.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

TEST(OffloadingMessage, SpeedComesFromTheRoundTripWithoutTheEdgesPart) {
  OffloadingMessage message;
  EXPECT_FALSE(message.link_s().has_value());
  message.link_bytes = 1000;
  message.round_trip_s = 0.5;
  message.edge_s = 0.1;
  EXPECT_DOUBLE_EQ(message.speed_bits_per_s().value(), 20'000.0);
  message.edge_s = 0.6;  // longer than the whole
  EXPECT_FALSE(message.speed_bits_per_s().has_value());
  message.edge_s = -1.0;
  EXPECT_FALSE(message.speed_bits_per_s().has_value());
  message.round_trip_s = std::nullopt;
  message.receive_s = 0.2;
  EXPECT_DOUBLE_EQ(message.speed_bits_per_s().value(), 40'000.0);
}

TEST(OffloadingDevice, HistoryIsBounded) {
  OffloadingDevice device("a", LinkEstimate());
  for (int i = 0; i < 1000; ++i) {
    OffloadingMessage message;
    message.size_bytes = i;
    device.add_message(message);
  }
  EXPECT_EQ(device.messages().size(), limits::kMaxMessagesPerDevice);
  EXPECT_EQ(device.messages().back().size_bytes, 999);
  EXPECT_EQ(device.messages().front().size_bytes,
            1000 - static_cast<std::int64_t>(limits::kMaxMessagesPerDevice));
}

TEST(OffloadingDevice, ModelsAreBoundedAndTheLongestUnusedGoes) {
  OffloadingDevice device("a", LinkEstimate());
  for (std::size_t i = 0; i < limits::kMaxModelsPerDevice; ++i) {
    device.layer_times(std::to_string(i), 3).add(0, 1.0);
  }
  device.layer_times("0", 3);
  device.layer_times("one too many", 3);
  EXPECT_TRUE(device.layer_times("0", 3).is_known(0));
  EXPECT_EQ(device.find_layer_times("1", 3), nullptr);
  EXPECT_FALSE(device.layer_times("0", 4).is_known(0));  // another model of that name
}

TEST(OffloadingDevicesManager, DropsTheSilent) {
  ManualClock clock(77);
  OffloadingDevicesManager manager(clock, 10.0);
  manager.hear("old");
  clock.advance_ns(6 * kSecondNs);
  manager.hear("new");
  clock.advance_ns(4 * kSecondNs);
  manager.drop_outdated();
  EXPECT_NE(manager.find("old"), nullptr);  // ten seconds are not longer than ten
  clock.advance_ns(1);
  manager.drop_outdated();
  EXPECT_EQ(manager.find("old"), nullptr);
  EXPECT_NE(manager.find("new"), nullptr);
  clock.advance_ns(60 * kSecondNs);
  manager.drop_outdated();
  EXPECT_TRUE(manager.devices().empty());
  manager.hear("old");
  EXPECT_EQ(manager.devices().size(), 1u);
}

TEST(OffloadingDevicesManager, EvictsTheLongestSilent) {
  ManualClock clock;
  OffloadingDevicesManager manager(clock, 10.0, LinkEstimate(), 3);
  for (const char* id : {"a", "b", "c", "a", "d"}) {
    clock.advance_ns(1000);
    manager.hear(id);
  }
  EXPECT_EQ(manager.devices().size(), 3u);
  EXPECT_EQ(manager.find("b"), nullptr);
  for (const char* id : {"a", "c", "d"}) EXPECT_NE(manager.find(id), nullptr) << id;
}

class HandlerTest : public testing::Test {
 protected:
  IncomingMessage message(std::string id) const {
    IncomingMessage incoming;
    incoming.device_id = std::move(id);
    incoming.model_name = "m";
    incoming.size_bytes = 5000;
    return incoming;
  }

  ManualClock clock_;
  OffloadingDevicesManager devices_{clock_, 10.0};
  OffloadingCommunicationHandler handler_{devices_, clock_};
};

TEST_F(HandlerTest, KeepsMeasurementsAndIgnoresSurplusLayers) {
  IncomingMessage incoming = message("a");
  incoming.layer_times = {{0, 1.0}, {1, 1.8}, {2, 9999999999.8}, {7, 1.0}, {-1, 1.0}, {1, NAN}};
  incoming.exchanges = {{2000, 100, 0.05, 0.01}};
  const Result<OffloadingDevice*> device = handler_.receive(incoming, 2);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->layer_times("m", 2).times_s()[1], 1.8);
  EXPECT_EQ((*device)->num_link_samples(), 1u);
  EXPECT_DOUBLE_EQ((*device)->average_speed_bits_per_s(), 8.0 * 2100 / 0.04);
}

TEST_F(HandlerTest, BoundsLinkSamplesOfOneMessage) {
  IncomingMessage incoming = message("a");
  incoming.exchanges.assign(1000, {2000, 100, 0.05, 0.01});
  incoming.exchanges.front() = {1, 1, 0.01, 0.0};
  const OffloadingDevice* device = handler_.receive(incoming, 2).value();
  EXPECT_EQ(device->num_link_samples(), limits::kMaxLinkSamplesPerMessage);
}

TEST_F(HandlerTest, OneSizeLeavesRateAndLatencyAsTheyWere) {
  const auto exchange = [](std::int64_t bytes) {
    const double link_s = 0.016 + static_cast<double>(bytes + 200) / 1e6;
    return TimedExchange{bytes, 200, link_s + 0.001, 0.001};
  };
  IncomingMessage incoming = message("a");
  incoming.exchanges = {exchange(300), exchange(300), exchange(8500), exchange(300)};
  const OffloadingDevice* device = handler_.receive(incoming, 2).value();
  for (int i = 0; i < 1000; ++i) {
    clock_.advance_ns(kSecondNs / 10);
    incoming.exchanges = {exchange(i % 2 == 0 ? 1010 : 1012)};
    incoming.exchanges[0].round_trip_s += i % 2 == 0 ? 3e-4 : -3e-4;
    device = handler_.receive(incoming, 2).value();
    const LinkEstimate link = device->link(clock_.now_ns());
    ASSERT_NEAR(link.uplink_bytes_per_s / 1e6, 1.0, 0.15) << i;
    ASSERT_NEAR(link.base_latency_s / 0.016, 1.0, 0.15) << i;
  }
}

TEST_F(HandlerTest, ImpossibleExchangesDoNotCount) {
  IncomingMessage incoming = message("a");
  incoming.exchanges = {{2000, 100, 0.05, 0.06}, {2000, 100, 0.05, -9.0}, {2000, 100, NAN, 0.0},
                        {-5, 100, 0.05, 0.0},    {2000, 100, -1.0, -2.0}, {0, 0, 0.1, 0.0}};
  const OffloadingDevice* device = handler_.receive(incoming, 2).value();
  EXPECT_EQ(device->num_link_samples(), 0u);
  EXPECT_FALSE(device->messages().back().link_s().has_value());
  EXPECT_EQ(device->link(clock_.now_ns()).uplink_bytes_per_s, LinkEstimate().uplink_bytes_per_s);
}

TEST_F(HandlerTest, ArrivalTimeCountsOnlyForLargeBodies) {
  IncomingMessage incoming = message("a");
  incoming.receive_s = 0.5;
  EXPECT_EQ(handler_.receive(incoming, 2).value()->num_link_samples(), 1u);
  incoming.size_bytes = 100;
  EXPECT_EQ(handler_.receive(incoming, 2).value()->num_link_samples(), 1u);
}

TEST_F(HandlerTest, DeviceIdsAreChecked) {
  EXPECT_FALSE(handler_.receive(message(""), 2).ok());
  EXPECT_FALSE(handler_.receive(message(std::string(1000, 'x')), 2).ok());
  EXPECT_TRUE(devices_.devices().empty());
}

TEST_F(HandlerTest, StatusListsDevicesById) {
  for (const char* id : {"c", "a", "b", "a"}) {
    ASSERT_TRUE(handler_.receive(message(id), 2).ok());
    clock_.advance_ns(kSecondNs);
  }
  const std::vector<DeviceStatus> status = handler_.communication_status();
  ASSERT_EQ(status.size(), 3u);
  EXPECT_EQ(status[0].device_id, "a");
  EXPECT_EQ(status[0].sent_messages.size(), 2u);
  EXPECT_EQ(status[0].silent_s, 1.0);
  EXPECT_EQ(status[2].device_id, "c");
  clock_.advance_ns(8 * kSecondNs);
  EXPECT_EQ(handler_.communication_status().size(), 2u);  // "c" was silent for more than ten
}

}  // namespace
}  // namespace tinysplit
