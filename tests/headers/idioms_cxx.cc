// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What programs for VDS on Windows use of their system, in C++ and together with the C++ library:
// the headers in include/vds/compat have it, and it does the same.
//
#include <algorithm>
#include <cstdio>
#include <cwchar>
#include <initguid.h>
#include <string>
#include <vector>
#include <windows.h>
#include <strsafe.h>
#include <tchar.h>
#include <vds.h>
#include <vdshwprv.h>
#include <cwchar> // again, after windows.h

#define SafeRelease(x)                \
	{                             \
		if (NULL != x) {      \
			x->Release(); \
			x = NULL;     \
		}                     \
	}

static int failures;

#define EXPECT(condition)                                         \
	do {                                                      \
		if (!(condition)) {                               \
			printf("%d: %s\n", __LINE__, #condition); \
			failures++;                               \
		}                                                 \
	} while (0)

class CSink : public IVdsAdviseSink
{
      public:
	CSink() : m_cRef(1)
	{
		InitializeCriticalSection(&m_cs);
		m_hEvent = CreateEvent(NULL, FALSE, FALSE, NULL);
	}

	virtual ~CSink()
	{
		CloseHandle(m_hEvent);
		DeleteCriticalSection(&m_cs);
	}

	STDMETHOD(QueryInterface)(REFIID riid, _COM_Outptr_ void **ppv) override
	{
		if (ppv == NULL)
			return E_POINTER;
		*ppv = NULL;
		if (riid != __uuidof(IUnknown) && riid != __uuidof(IVdsAdviseSink))
			return E_NOINTERFACE;
		*ppv = static_cast<IVdsAdviseSink *>(this);
		AddRef();
		return S_OK;
	}

	STDMETHOD_(ULONG, AddRef)() override
	{
		return static_cast<ULONG>(InterlockedIncrement(&m_cRef));
	}

	STDMETHOD_(ULONG, Release)() override
	{
		LONG cRef = InterlockedDecrement(&m_cRef);

		if (cRef == 0)
			delete this;
		return static_cast<ULONG>(cRef);
	}

	STDMETHOD(OnNotify)(LONG lCount, _In_reads_(lCount) VDS_NOTIFICATION *pArray) override
	{
		EnterCriticalSection(&m_cs);
		EnterCriticalSection(&m_cs); // a thread may enter twice
		m_events.insert(m_events.end(), pArray, pArray + lCount);
		LeaveCriticalSection(&m_cs);
		LeaveCriticalSection(&m_cs);
		CoTaskMemFree(pArray);
		SetEvent(m_hEvent);
		return S_OK;
	}

	HANDLE m_hEvent;
	std::vector<VDS_NOTIFICATION> m_events;

      private:
	LONG m_cRef;
	CRITICAL_SECTION m_cs;
};

static void
TestGuids()
{
	WCHAR wsz[40];
	LPWSTR pwsz = NULL;
	GUID guid = GUID_NULL, copy;

	EXPECT(__uuidof(IVdsLun) == IID_IVdsLun);
	EXPECT(__uuidof(VdsLoader) == CLSID_VdsLoader);
	EXPECT(__uuidof(IVdsServiceLoader) == IID_IVdsServiceLoader);
	EXPECT(SUCCEEDED(CoCreateGuid(&guid)) && guid != GUID_NULL);
	EXPECT(StringFromGUID2(guid, wsz, ARRAYSIZE(wsz)) == 39 && wcslen(wsz) == 38);
	EXPECT(SUCCEEDED(StringFromCLSID(guid, &pwsz)) && wcscmp(pwsz, wsz) == 0);
	EXPECT(SUCCEEDED(IIDFromString(pwsz, &copy)) && IsEqualGUID(guid, copy));
	CoTaskMemFree(pwsz);
}

static void
TestSink()
{
	CSink *pSink = new CSink;
	IUnknown *pUnknown = NULL;
	IVdsAdviseSink *pAdvise = NULL;
	IVdsLun *pLun = NULL;

	EXPECT(SUCCEEDED(
		static_cast<IVdsAdviseSink *>(pSink)->QueryInterface(IID_PPV_ARGS(&pUnknown))));
	EXPECT(SUCCEEDED(pUnknown->QueryInterface(&pAdvise)));
	EXPECT(pUnknown->QueryInterface(IID_PPV_ARGS(&pLun)) == E_NOINTERFACE && pLun == NULL);
	EXPECT(WaitForSingleObject(pSink->m_hEvent, 0) == WAIT_TIMEOUT);
	EXPECT(SUCCEEDED(pAdvise->OnNotify(
		1, static_cast<VDS_NOTIFICATION *>(CoTaskMemAlloc(sizeof(VDS_NOTIFICATION))))));
	EXPECT(WaitForSingleObject(pSink->m_hEvent, INFINITE) == WAIT_OBJECT_0);
	EXPECT(WaitForSingleObject(pSink->m_hEvent, 0) == WAIT_TIMEOUT); // it resets itself
	EXPECT(pSink->m_events.size() == 1);
	SafeRelease(pAdvise);
	SafeRelease(pUnknown);
	EXPECT(pSink->Release() == 0);
}

// The C++ library's cwchar takes macros away: the functions must still read 16 bits.
static void
TestStrings()
{
	WCHAR wsz[16] = L"abc", wszText[64];
	std::vector<WCHAR> wide(5, L'x');
	char text[64];

	EXPECT(wcslen(L"abcdefg") == 7 && std::wcslen(L"abcdefg") == 7);
	EXPECT(wcscmp(L"ab", L"ac") < 0 && wcsncmp(L"abx", L"aby", 2) == 0);
	EXPECT(_wcsicmp(L"LUN", L"lun") == 0 && _wcsnicmp(L"LUNx", L"luny", 3) == 0);
	EXPECT(wcschr(L"a;b", L';')[1] == L'b' && wcsrchr(L"a;b;c", L';')[1] == L'c');
	EXPECT(wcsstr(L"iqn.2000-01.x:y", L".x:")[3] == L'y' && wcsstr(L"ab", L"c") == NULL);
	EXPECT(wcscat_s(wsz, ARRAYSIZE(wsz), L"def") == 0 && wcscmp(wsz, L"abcdef") == 0);
	EXPECT(wcscpy_s(wsz, 3, L"abc") != 0 && wsz[0] == 0);
	EXPECT(wcstoul(L"4294967295", NULL, 10) == 4294967295u && wcstol(L"-12", NULL, 0) == -12);
	EXPECT(_wtoi(L"42") == 42 && _wtoi64(L"1099511627776") == 1ll << 40);
	EXPECT(SUCCEEDED(StringCchPrintfW(wszText, ARRAYSIZE(wszText), L"%s-%5.2s|%-4s|%I64u|%08lx",
					  L"é", L"xyz", L"ü", 1ull << 40, 0x2a)));
	EXPECT(wcscmp(wszText, L"é-   xy|ü   |1099511627776|0000002a") == 0);
	EXPECT(StringCchPrintf(wszText, 4, L"%d", 12345) == STRSAFE_E_INSUFFICIENT_BUFFER);
	EXPECT(wcscmp(wszText, L"123") == 0);
	EXPECT(SUCCEEDED(StringCchCopy(wszText, 4, L"abc")) &&
	       StringCchCat(wszText, 4, L"d") == STRSAFE_E_INSUFFICIENT_BUFFER);
	EXPECT(swprintf(wszText, ARRAYSIZE(wszText), L"%S %c", "n", L'\x20ac') == 3 &&
	       wszText[2] == L'\x20ac');
	EXPECT(_snwprintf(wszText, 3, L"abc") == -1);
	EXPECT(WideCharToMultiByte(CP_UTF8, 0, L"\x20ac", -1, text, sizeof(text), NULL, NULL) == 4);
	EXPECT(std::string(text) == "\xe2\x82\xac");
	EXPECT(MultiByteToWideChar(CP_UTF8, 0, text, -1, wszText, 64) == 2 && wszText[0] == 0x20ac);
	EXPECT(lstrlenW(_T("12345")) == 5 && _tcslen(TEXT("123")) == 3);
	std::wstring s(L"LUN");
	s += L" with a name that is longer than what a string has room for itself";
	EXPECT(s.size() == 69 && wcslen(s.c_str()) == 69 && s.find(L"name") == 11);
	EXPECT(std::count(wide.begin(), wide.end(), L'x') == 5);
	EXPECT(fwprintf(stdout, L"%.3s\n", L"\x20ac\x20ac\x20ac\x20ac") == 4);
}

static void
TestCodes()
{
	LONG value = 5;

	EXPECT(HRESULT_FROM_WIN32(ERROR_NOT_FOUND) == static_cast<HRESULT>(0x80070490));
	EXPECT(HRESULT_CODE(VDS_E_NOT_SUPPORTED) == 0x2400);
	EXPECT(InterlockedCompareExchange(&value, 7, 5) == 5 && value == 7);
	EXPECT(InterlockedExchangeAdd(&value, 3) == 7 && value == 10);
	EXPECT(GetTickCount64() > 0);
}

int __cdecl main(void)
{
	IVdsServiceLoader *pLoader = NULL;

	EXPECT(SUCCEEDED(CoInitializeEx(NULL, COINIT_MULTITHREADED)));
	EXPECT(SUCCEEDED(CoCreateInstance(__uuidof(VdsLoader), NULL, CLSCTX_LOCAL_SERVER,
					  IID_PPV_ARGS(&pLoader))));
	SafeRelease(pLoader);
	TestGuids();
	TestSink();
	TestStrings();
	TestCodes();
	CoUninitialize();
	return failures != 0;
}
