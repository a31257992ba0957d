/* Where NVRTC is looked for: the loader's own steps, in folders made for the purpose that hold the
 * simulated library under NVRTC's names. */
#include "device/cuda/loader.c"

#include <sys/stat.h>

#include "test.h"

#define FAKE_LIB VXG_BINARY_DIR "/tests/libfake_cuda.so"
static char root[] = "/tmp/voxgrad-search-XXXXXX";

/* root/folder/name is a link to the simulated library. */
static void plant(const char *folder, const char *name) {
    char command[1024];
    snprintf(command, sizeof command, "mkdir -p %s/%s && ln -sf %s %s/%s/%s", root, folder,
             FAKE_LIB, root, folder, name);
    EXPECT(!system(command), "%s", command);
}
static const char *path_of(const char *folder) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", root, folder);
    return path;
}
static int is_fake(void *lib) {
    int found = lib && dlsym(lib, "fake_fail");
    if (lib) dlclose(lib);
    return found;
}

TEST(cuda_path)
{
    static const char *const folders[] = {"lib64", "lib", "targets/x86_64-linux/lib", "."};
    for (int i = 0; i < 4; i++) {
        char name[32], below[64];
        snprintf(name, sizeof name, "toolkit%d", i);
        snprintf(below, sizeof below, "%s/%s", name, folders[i]);
        plant(below, i % 2 ? "libnvrtc.so" : "libnvrtc.so.12");
        setenv("VXG_CUDA_PATH", path_of(name), 1);
        EXPECT(is_fake(open_from_cuda_path()), "%s is not searched", folders[i]);
    }
    setenv("VXG_CUDA_PATH", path_of("nowhere"), 1);
    EXPECT(!open_from_cuda_path(), "found in nowhere");
    setenv("VXG_CUDA_PATH", "", 1);
    EXPECT(!open_from_cuda_path(), "an empty VXG_CUDA_PATH was searched");
    unsetenv("VXG_CUDA_PATH");
}

TEST(newest_first)
{
    char dir[512], command[1024];
    plant("many", "libnvrtc.so.12");
    snprintf(dir, sizeof dir, "%s", path_of("many"));
    snprintf(command, sizeof command, "echo broken >%s/libnvrtc.so.13", dir);
    CHECK(!system(command), "%s", command);
    snprintf(command, sizeof command, "%s/libnvrtc.so*", dir);
    EXPECT(is_fake(open_matching(command)), "a broken newest file hides the next");
}

/* pip's nvidia packages: beside the python3 that PATH finds, in environments, in the home folder.
 */
TEST(pip)
{
    char bin[512], command[2048];
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    static const char *const names[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
    plant("env/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib", "libnvrtc.so.12");
    plant("env13/lib/python3.13/site-packages/nvidia/cu13/lib", "libnvrtc.so.13");
    plant("home/.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib", "libnvrtc.so.11.2");
    setenv("PATH", "/nonexistent", 1);
    for (int i = 0; i < 2; i++) unsetenv(names[i]);
    setenv("HOME", "/nonexistent", 1);
    int outside = is_fake(open_from_pip());
    EXPECT(!outside, "found without any of the places");
    for (int i = 0; i < 2; i++) {
        setenv(names[i], path_of(i ? "env13" : "env"), 1);
        EXPECT(is_fake(open_from_pip()), "%s is not searched", names[i]);
        unsetenv(names[i]);
    }
    snprintf(bin, sizeof bin, "%s", path_of("env/bin"));
    snprintf(command, sizeof command, "mkdir -p %s && touch %s/python3 && chmod +x %s/python3", bin,
             bin, bin);
    setenv("PATH", path, 1);
    CHECK(!system(command), "%s", command);
    snprintf(command, sizeof command, "/nonexistent:%s", bin);
    setenv("PATH", command, 1);
    EXPECT(is_fake(open_from_pip()), "python3's prefix is not searched");
    setenv("PATH", path, 1); /* a python3 that is a link into an environment */
    snprintf(command, sizeof command, "mkdir -p %s/links && ln -s %s/python3 %s/links/python3",
             root, bin, root);
    CHECK(!system(command), "%s", command);
    setenv("PATH", path_of("links"), 1);
    EXPECT(is_fake(open_from_pip()), "the linked python3's prefix is not searched");
    setenv("PATH", "/nonexistent", 1);
    setenv("HOME", path_of("home"), 1);
    EXPECT(is_fake(open_from_pip()), "~/.local is not searched");
    setenv("PATH", path, 1);
    free(path);
}

TEST(own_file)
{
    setenv("VXG_NVRTC_LIB", "/nonexistent/libnvrtc.so", 1);
    EXPECT(vxg__nvrtc_load() == VXG_ERR_DEVICE &&
               strstr(vxg_error_message(), "VXG_NVRTC_LIB: /nonexistent"),
           "%s", vxg_error_message());
    setenv("VXG_NVRTC_LIB", "libc.so.6", 1);
    EXPECT(vxg__nvrtc_load() == VXG_ERR_DEVICE && strstr(vxg_error_message(), "lacks nvrtcVersion"),
           "%s", vxg_error_message());
    setenv("VXG_NVRTC_LIB", FAKE_LIB, 1); /* a failed try is made again */
    CHECK_OK(vxg__nvrtc_load());
    int major = 0, minor = 0;
    EXPECT(!vxg__nvrtc.nvrtcVersion(&major, &minor) && major == 12 && minor == 4, "%d.%d", major,
           minor);
}

int main(int argc, char **argv) {
    static const test_entry list[] = {T(cuda_path), T(newest_first), T(pip), T(own_file)};
    char command[64];
    if (!mkdtemp(root)) return 1;
    int status = test_run("cuda_search", list, 4, argc, argv);
    snprintf(command, sizeof command, "rm -rf %s", root);
    return status || system(command);
}
