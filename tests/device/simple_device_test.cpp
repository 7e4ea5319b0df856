#include "device/simple_device.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "device/test_edge.h"
#include "device/test_models.h"
#include "net/link_shaper.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class SimpleDeviceTest : public ::testing::Test {
 protected:
  SimpleDeviceOptions options_for(const std::string& url) const {
    SimpleDeviceOptions options;
    options.edge_url = url;
    options.raw_input = true;
    options.profile_runs = 1;
    return options;
  }
  std::unique_ptr<SimpleDevice> make_device(const SimpleDeviceOptions& options) {
    // A clock that stands still cannot be spun on: sleep to the end.
    return SimpleDevice::create(graph_, options, clock_,
                                [this](std::int64_t ns) { clock_.advance_ns(ns + Pacer::kSpinNs); })
        .value();
  }
  std::unique_ptr<SimpleDevice> make_device() { return make_device(options_for(edge_.url())); }

  // Infers on a new image and expects the outputs of the uncut model.
  DeviceResult infer(SimpleDevice& device, const InferOptions& options = {}) {
    const Tensor image = make_image(*graph_, ++images_);
    const TensorView view = image.view();
    Result<DeviceResult> result = device.infer(std::span(&view, 1), options);
    EXPECT_TRUE(result.ok()) << result.status().message();
    if (!result.ok()) return {};
    EXPECT_TRUE(same_tensors(result->outputs, run_uncut(graph_, image)));
    return std::move(*result);
  }
  DeviceResult infer_at(SimpleDevice& device, int cut, double timeout_s = 10.0) {
    InferOptions options;
    options.cut = cut;
    options.reply_timeout_s = timeout_s;
    return infer(device, options);
  }

  std::shared_ptr<const Graph> graph_ = make_residual_model();
  ManualClock clock_{kSecond};
  TestEdge edge_{graph_};
  unsigned images_ = 0;
};

TEST_F(SimpleDeviceTest, EveryCutGivesTheOutputsOfTheUncutModel) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  for (int cut = 0; cut <= graph_->num_layers(); ++cut) {
    const DeviceResult result = infer_at(*device, cut);
    EXPECT_EQ(result.cut, cut);
    EXPECT_EQ(result.fallback_reason, "");
    EXPECT_EQ(result.scenario, scenario_of(cut, graph_->num_layers()));
    EXPECT_EQ(result.answered_by,
              cut < graph_->num_layers() ? AnsweredBy::kEdge : AnsweredBy::kDevice);
  }
  EXPECT_EQ(edge_.num_inferences(), static_cast<std::size_t>(graph_->num_layers()));
}

TEST_F(SimpleDeviceTest, RawInputTravelsAsBytes) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  const std::uint64_t raw = infer_at(*device, 0).bytes_up;
  const std::uint64_t floats = infer_at(*device, 1).bytes_up;
  // 64 pixels of a byte against 64 * 4 floats of 4 bytes.
  EXPECT_GE(floats, raw + 64 * 4 * 4 - 64);
}

TEST_F(SimpleDeviceTest, FollowsTheEdgesDecision) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_next(next_cut(3));
  infer_at(*device, 0);
  EXPECT_EQ(device->next_cut(), 3);
  EXPECT_EQ(infer(*device).cut, 3);
  edge_.set_next(next_cut(0));
  EXPECT_EQ(infer(*device).cut, 3);
  EXPECT_EQ(infer(*device).cut, 0);
}

TEST_F(SimpleDeviceTest, WithoutAdviceDecidesByItself) {
  const auto device = make_device();
  ASSERT_TRUE(device->measure_link().ok());
  const Decision plan = device->plan().value();
  EXPECT_EQ(device->next_cut(), plan.cut);
  EXPECT_EQ(plan.cuts.size(), static_cast<std::size_t>(graph_->num_layers()) + 1);
  EXPECT_EQ(infer(*device).cut, plan.cut);
}

TEST_F(SimpleDeviceTest, TellsItsLayerTimesAndLinkSamples) {
  SimpleDeviceOptions options = options_for(edge_.url());
  options.layer_targets_s.assign(static_cast<std::size_t>(graph_->num_layers()), 0.25);
  const auto device = make_device(options);
  ASSERT_TRUE(device->connect().ok());
  const DeviceResult result = infer_at(*device, 2);
  EXPECT_NEAR(result.parts.device_s, 0.5, 1e-6);
  infer_at(*device, 2);
  const auto seen = edge_.seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].num_tensors, 0u);
  EXPECT_EQ(seen[0].request.device_layer_times_s.size(),
            static_cast<std::size_t>(graph_->num_layers()));
  ASSERT_EQ(seen[2].request.device_layer_times_s.size(), 2u);
  EXPECT_NEAR(seen[2].request.device_layer_times_s[1], 0.25, 1e-6);
  ASSERT_EQ(seen[2].request.link_samples.size(), 1u);
  EXPECT_EQ(seen[2].request.link_samples[0].up_bytes, result.bytes_up);
  EXPECT_EQ(seen[2].request.link_samples[0].down_bytes, result.bytes_down);
}

TEST_F(SimpleDeviceTest, WorksWithoutAnyEdge) {
  const auto device = make_device(options_for("http://127.0.0.1:1"));
  EXPECT_FALSE(device->connect().ok());
  EXPECT_FALSE(device->edge_available());
  const DeviceResult result = infer(*device);
  EXPECT_EQ(result.scenario, Scenario::kDeviceOnly);
  EXPECT_EQ(result.fallback_reason, "");
  EXPECT_EQ(infer_at(*device, 2).answered_by, AnsweredBy::kDevice);
}

TEST_F(SimpleDeviceTest, FinishesByItselfWhateverTheEdgeAnswers) {
  using Mode = TestEdge::Mode;
  for (const Mode mode : {Mode::kBusy, Mode::kDrop, Mode::kOtherId, Mode::kOtherShape,
                          Mode::kMissingOutput, Mode::kOtherDigest, Mode::kGarbage}) {
    SCOPED_TRACE(static_cast<int>(mode));
    edge_.set_mode(Mode::kServe);
    const auto device = make_device();
    ASSERT_TRUE(device->connect().ok());
    for (int cut = 0; cut < graph_->num_layers(); ++cut) {
      edge_.set_mode(mode);
      const DeviceResult result = infer_at(*device, cut);
      EXPECT_EQ(result.answered_by, AnsweredBy::kDevice);
      EXPECT_NE(result.fallback_reason, "");
      EXPECT_FALSE(device->edge_available());
    }
    EXPECT_EQ(infer(*device).cut, graph_->num_layers());
  }
}

TEST_F(SimpleDeviceTest, FinishesByItselfWhenTheEdgeNeverAnswers) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_mode(TestEdge::Mode::kSilent);
  for (int cut = 0; cut < graph_->num_layers(); ++cut) {
    const DeviceResult result = infer_at(*device, cut, 0.03);
    EXPECT_EQ(result.answered_by, AnsweredBy::kDevice);
    EXPECT_NE(result.fallback_reason.find("no answer"), std::string::npos);
  }
}

TEST_F(SimpleDeviceTest, FinishesByItselfWhenTheLinkGoesSilentOrBreaks) {
  for (const LinkState state : {LinkState::kBlackhole, LinkState::kReset}) {
    LinkShaperOptions link;
    link.to_port = edge_.port();
    link.link.uplink_bits_per_s = link.link.downlink_bits_per_s = 1e9;
    const auto shaper = LinkShaper::start(link).value();
    const auto device = make_device(options_for("http://" + shaper->address()));
    ASSERT_TRUE(device->connect().ok());
    EXPECT_EQ(infer_at(*device, 2).answered_by, AnsweredBy::kEdge);
    shaper->set_state(state);
    EXPECT_EQ(infer_at(*device, 2, 0.05).answered_by, AnsweredBy::kDevice);
    EXPECT_EQ(infer_at(*device, 0, 0.05).answered_by, AnsweredBy::kDevice);
    EXPECT_EQ(infer(*device).cut, graph_->num_layers());
  }
}

TEST_F(SimpleDeviceTest, DeadlineThatTheHeadUsedUpLeavesNoRequest) {
  SimpleDeviceOptions options = options_for(edge_.url());
  options.layer_targets_s.assign(static_cast<std::size_t>(graph_->num_layers()), 1.0);
  const auto device = make_device(options);
  ASSERT_TRUE(device->connect().ok());
  const DeviceResult result = infer_at(*device, 3, 2.0);
  EXPECT_EQ(result.answered_by, AnsweredBy::kDevice);
  EXPECT_EQ(edge_.num_inferences(), 0u);
  EXPECT_NEAR(result.parts.device_s, static_cast<double>(graph_->num_layers()), 1e-6);
}

TEST_F(SimpleDeviceTest, LateAnswerIsNeverTakenForTheNextOne) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_mode(TestEdge::Mode::kSilent);
  EXPECT_EQ(infer_at(*device, 1, 0.05).answered_by, AnsweredBy::kDevice);
  ASSERT_EQ(edge_.num_kept(), 1u);
  edge_.set_mode(TestEdge::Mode::kServe);
  edge_.answer_kept();
  // Another image: infer() compares its outputs with the uncut model's.
  EXPECT_EQ(infer_at(*device, 1).answered_by, AnsweredBy::kEdge);
}

TEST_F(SimpleDeviceTest, LeavesAFailedEdgeAloneThenReturnsToIt) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_next(next_cut(2));
  infer_at(*device, 2);
  edge_.set_mode(TestEdge::Mode::kBusy);
  EXPECT_NE(infer(*device).fallback_reason, "");
  const std::size_t asked = edge_.seen().size();

  edge_.set_mode(TestEdge::Mode::kServe);
  EXPECT_EQ(infer(*device).cut, graph_->num_layers());
  clock_.advance_ns(kSecond - 1);
  EXPECT_EQ(infer(*device).cut, graph_->num_layers());
  EXPECT_EQ(edge_.seen().size(), asked) << "asked before the wait was over";

  clock_.advance_ns(1);
  const DeviceResult probing = infer(*device);
  EXPECT_EQ(probing.cut, graph_->num_layers());
  EXPECT_EQ(probing.next_cut, 2);
  EXPECT_EQ(edge_.seen().size(), asked + 1);
  EXPECT_EQ(edge_.seen().back().num_tensors, 0u);
  // An edge that was away may have forgotten what it was told.
  EXPECT_EQ(edge_.seen().back().request.device_layer_times_s.size(),
            static_cast<std::size_t>(graph_->num_layers()));
  EXPECT_EQ(infer(*device).answered_by, AnsweredBy::kEdge);
}

TEST_F(SimpleDeviceTest, WaitsTwiceAsLongAfterEachFailureInARow) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_next(next_cut(2));
  edge_.set_mode(TestEdge::Mode::kServe);
  infer_at(*device, 2);
  edge_.set_mode(TestEdge::Mode::kSilentToInfer);
  // Reports are answered, so the device tries again after each wait; inferences are not.
  for (const std::int64_t wait_s : {1, 2, 4, 8, 16, 32, 60, 60}) {
    InferOptions impatient;
    impatient.reply_timeout_s = 0.02;
    EXPECT_NE(infer(*device, impatient).fallback_reason, "") << wait_s;
    clock_.advance_ns(wait_s * kSecond - 1);
    EXPECT_EQ(infer(*device).next_cut, graph_->num_layers()) << wait_s;
    clock_.advance_ns(1);
    EXPECT_EQ(infer(*device).next_cut, 2) << wait_s;
  }
}

TEST_F(SimpleDeviceTest, EdgeThatStartsLaterIsFound) {
  edge_.set_mode(TestEdge::Mode::kSilent);
  SimpleDeviceOptions options = options_for(edge_.url());
  options.reply_timeout_s = 0.03;
  const auto device = make_device(options);
  EXPECT_EQ(device->connect().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(infer(*device).cut, graph_->num_layers());
  edge_.set_mode(TestEdge::Mode::kServe);
  edge_.set_next(next_cut(1));
  clock_.advance_ns(kSecond);
  EXPECT_EQ(infer(*device).next_cut, 1);
  EXPECT_EQ(infer(*device).answered_by, AnsweredBy::kEdge);
}

TEST_F(SimpleDeviceTest, DeviceThatRunsAloneByChoiceStillLooksAtTheLink) {
  const auto device = make_device();
  ASSERT_TRUE(device->connect().ok());
  edge_.set_next(next_cut(static_cast<std::uint32_t>(graph_->num_layers())));
  infer_at(*device, 0);
  const std::size_t asked = edge_.seen().size();
  infer(*device);
  EXPECT_EQ(edge_.seen().size(), asked);
  edge_.set_next(next_cut(1));
  clock_.advance_ns(5 * kSecond);
  EXPECT_EQ(infer(*device).next_cut, 1);
  // One report with padding, to tell the rate, and one without: or more where they surprise.
  const auto seen = edge_.seen();
  ASSERT_GE(seen.size(), asked + 2);
  EXPECT_GT(seen[asked].request.device_layer_times_s.size(),
            static_cast<std::size_t>(graph_->num_layers()));
  EXPECT_EQ(seen[asked + 1].request.device_layer_times_s.size(),
            static_cast<std::size_t>(graph_->num_layers()));
  EXPECT_LE(seen.size(), asked + 6);
}

TEST_F(SimpleDeviceTest, ManualMaintenanceLeavesInferAlone) {
  SimpleDeviceOptions options = options_for(edge_.url());
  options.maintain_in_infer = false;
  const auto device = make_device(options);
  infer(*device);
  EXPECT_TRUE(edge_.seen().empty());
  edge_.set_next(next_cut(4));
  device->maintain();
  EXPECT_EQ(infer(*device).cut, 4);
}

TEST_F(SimpleDeviceTest, OtherModelOnTheEdgeIsAClearError) {
  TestEdge other(make_residual_model(2, 'b'));
  const auto device = make_device(options_for(other.url()));
  const Status status = device->connect();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("both sides must hold the same model"), std::string::npos);
  EXPECT_NE(status.message().find("aaaaaaaaaaaa"), std::string::npos);
  EXPECT_NE(status.message().find("bbbbbbbbbbbb"), std::string::npos);
  EXPECT_EQ(infer(*device).answered_by, AnsweredBy::kDevice);
}

TEST_F(SimpleDeviceTest, AdviceAgainstTheConstraintsIsNotObeyed) {
  SimpleDeviceOptions options = options_for(edge_.url());
  options.constraints.private_input = true;
  options.constraints.forbidden_cuts = {3};
  const auto device = make_device(options);
  ASSERT_TRUE(device->connect().ok());
  for (const std::uint32_t wish : {0u, 3u, 99u}) {
    edge_.set_next(next_cut(wish));
    const DeviceResult result = infer_at(*device, 2);
    EXPECT_NE(result.refused_advice, "") << wish;
    EXPECT_NE(device->next_cut(), static_cast<int>(wish));
    EXPECT_NE(infer(*device).cut, static_cast<int>(wish));
  }
  EXPECT_TRUE(edge_.seen().back().request.constraints.private_input);
  for (const TestEdge::Seen& seen : edge_.seen()) {
    if (seen.num_tensors == 0) continue;
    EXPECT_NE(seen.request.cut, 0u) << "the raw input left the device";
  }
}

TEST_F(SimpleDeviceTest, AdviceBeyondTheMemoryOrDeadlineIsNotObeyed) {
  SimpleDeviceOptions small = options_for(edge_.url());
  small.constraints.ram_bytes = 0;
  const auto device = make_device(small);
  ASSERT_TRUE(device->connect().ok());
  edge_.set_next(next_cut(5));
  EXPECT_NE(infer_at(*device, 0).refused_advice, "");
  EXPECT_EQ(device->next_cut(), 0);

  SimpleDeviceOptions hasty = options_for(edge_.url());
  hasty.constraints.deadline_s = 1e-4;
  const auto other = make_device(hasty);
  ASSERT_TRUE(other->connect().ok());
  EXPECT_NE(infer_at(*other, 0).refused_advice, "");
}

TEST_F(SimpleDeviceTest, ForcedCutAgainstTheConstraintsIsAnError) {
  SimpleDeviceOptions options = options_for(edge_.url());
  options.constraints.private_input = true;
  const auto device = make_device(options);
  const Tensor image = make_image(*graph_, 1);
  const TensorView view = image.view();
  for (const auto& [cut, code] :
       {std::pair{0, StatusCode::kFailedPrecondition}, std::pair{-1, StatusCode::kInvalidArgument},
        std::pair{99, StatusCode::kInvalidArgument}}) {
    InferOptions forced;
    forced.cut = cut;
    EXPECT_EQ(device->infer(std::span(&view, 1), forced).status().code(), code) << cut;
  }
  EXPECT_TRUE(edge_.seen().empty());
}

TEST_F(SimpleDeviceTest, WrongInputsAreErrors) {
  const auto device = make_device();
  EXPECT_EQ(device->infer({}).status().code(), StatusCode::kInvalidArgument);
  const Tensor wrong(DType::kFloat32, Shape{1, 2, 2, 1});
  const TensorView view = wrong.view();
  EXPECT_EQ(device->infer(std::span(&view, 1)).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(SimpleDeviceTest, WrongOptionsAreErrors) {
  const auto code_of = [&](void (*change)(SimpleDeviceOptions&)) {
    SimpleDeviceOptions options = options_for(edge_.url());
    change(options);
    return SimpleDevice::create(graph_, options, clock_).status().code();
  };
  EXPECT_EQ(code_of([](auto& o) { o.device_id = "../x"; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of([](auto& o) { o.edge_url = "ftp://x"; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of([](auto& o) { o.slowdown = 0.5; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of([](auto& o) { o.layer_targets_s = {1.0}; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code_of([](auto& o) { o.reply_timeout_s = 0.0; }), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tinysplit
