// The files in which changed settings are remembered, as far as that goes without an interface:
// what is touched, what is left to others, and that nonsense in them does no harm.
#include "port/nic_settings.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace ringbed::port {
namespace {

class NicSettingsFiles : public ::testing::Test {
 protected:
  NicSettingsFiles() : folder_(std::filesystem::temp_directory_path() / "ringbed-XXXXXX") {
    std::string name = folder_.string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~NicSettingsFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  std::vector<std::string> restore() const {
    return NicSettings::restore_left_behind(folder_.string());
  }
  // The first lines of a file about this boot and namespace.
  static std::string head() {
    std::string boot;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
    struct stat facts {};
    EXPECT_EQ(stat("/proc/thread-self/ns/net", &facts), 0);
    return "ringbed-nic-settings 1\nboot " + boot + "\nnamespace " + std::to_string(facts.st_ino) +
           "\n";
  }

  std::filesystem::path folder_;
};

using std::filesystem::exists;

TEST_F(NicSettingsFiles, NonsenseIsSweptAwayAndDoesNoHarm) {
  for (const std::string text :
       {"", "\n", "ringbed-nic-settings 2\nboot x\n", "ringbed-nic-settings 1\nboot x\n",
        "ringbed-nic-settings 1\nchannels 1 2 3\n"}) {
    const std::string path = write("nic-1-2.state", text);
    EXPECT_TRUE(restore().empty()) << text;
    EXPECT_FALSE(exists(path)) << text;
  }
}

TEST_F(NicSettingsFiles, AnInterfaceThatIsGoneOrAnotherOneIsLeftAlone) {
  const std::string path =
      write("nic-1-2.state", head() + "interface rbnowhere 020000000001\nchannels 1 2 3\n");
  EXPECT_TRUE(restore().empty());
  EXPECT_FALSE(exists(path));
  // lo is there, with another MAC.
  write("nic-1-3.state", head() + "interface lo 020000000001\ncoalescing 1 2 3\n");
  EXPECT_TRUE(restore().empty());
}

TEST_F(NicSettingsFiles, WhatIsOfAnotherNamespaceOrOfALivingRunStays) {
  std::string text = head();
  text.replace(text.find("namespace "), std::string::npos, "namespace 1\ninterface lo 00\n");
  const std::string foreign = write("nic-1-2.state", text);
  const std::string living = write("nic-3-4.state", "");
  const std::string other = write("17", "");
  const FileDescriptor lock(open(living.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(restore().empty());
  EXPECT_TRUE(exists(foreign));
  EXPECT_TRUE(exists(living));
  EXPECT_TRUE(exists(other));
}

TEST(NicSettings, AFolderThatIsNotThereIsNoTrouble) {
  EXPECT_TRUE(NicSettings::restore_left_behind("/nowhere/at/all").empty());
  EXPECT_TRUE(NicSettings::restore_left_behind("").empty());
}

}  // namespace
}  // namespace ringbed::port
